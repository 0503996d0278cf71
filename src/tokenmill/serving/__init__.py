"""Serving: what one deployment of a model reaches, part by part, and which limit binds."""
