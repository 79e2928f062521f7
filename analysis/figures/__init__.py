"""Figures: pictures of plain tables and numbers; what made these is none of their business."""
