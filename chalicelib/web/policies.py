"""The headers that keep uploaded content from running as ours. The API sends them, and the edge adds the same."""

MEDIA = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-site",
}
"""For files that are looked at by themselves: nothing in them runs, and no other page frames them."""

STORES = {
    "Content-Security-Policy": "sandbox allow-scripts allow-forms allow-popups",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
"""For unpacked sites: their scripts run in a frame of any page, in an origin of its own that owns nothing."""
