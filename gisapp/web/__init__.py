"""Starlette only: the routes that browsers and programs speak to beside the Streamlit pages."""
