"""Plugs for knowledge that others keep: asked, never written."""
