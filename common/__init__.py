"""What every room needs and none owns: errors that list faults, and files written whole or not at all."""
