"""The town's map layers: read from departments' files, checked, kept in versions, and asked by place."""
