"""Folium only: the map's shell. Data never passes through here; the browser fetches it from our routes."""
