"""The residents' front door: one form that works without a script, and the protocol that its script speaks."""
