"""Opening files of foreign formats in a process of its own, so that a decoder that crashes, hangs or swallows
memory takes nothing with it, and none can reach another file or the network.
"""
