"""Streamlit only: a page asks, calls one flow, and answers."""
