"""The ledger: judgements as they were issued, how they came out, and how good they were."""
