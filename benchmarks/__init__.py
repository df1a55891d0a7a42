"""Speed beside metafor, measured in the same run."""
