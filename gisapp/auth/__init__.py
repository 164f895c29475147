"""Accounts and sessions of the town hall's people."""
