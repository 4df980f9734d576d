"""Folders of files, served without ever leaving them."""
