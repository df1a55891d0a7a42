"""How fragile a pooled effect is: single studies, studies never published, choices of the analyst. Arrays only."""
