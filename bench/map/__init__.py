"""What the map page's benchmark needs: towns, servers, the peers' page and a visitor with a stop-watch."""
