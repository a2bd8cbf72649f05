"""What runs inside an extension host, and what the core shares with it.

Only the standard library, msgspec, pluggy, Flask and the SDK: nothing else can be read in there.
"""
