"""Readers of pictures, documents and graphs that anybody may have sent.

They stand on libraries in C that parse hostile files, so each runs as a process of its own: without credentials, with
bounded memory, time and file sizes, gone when it is no longer wanted (`chalicelib.workers.sandbox`). It imports nothing
else of the product, and gives files in a directory and one JSON answer.
"""
