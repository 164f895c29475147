"""The map a town runs on: pages for people, routes for programs, flows between them and the two stores."""
