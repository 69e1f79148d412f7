"""Shortlist inside other packages' conventions. Each module needs the package it is named after."""
