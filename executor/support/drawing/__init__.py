"""Pictures of programs: graphs of what computes what, in layers, as SVG or as Graphviz text.

=====================  =======================================================================================
`graph.py`             what is drawn: functions and regions as graphs, within one another
`rows.py`              which row each vertex is in, and which edges are drawn as lines
`lanes.py`             which column each stream has
`order.py`             in which order a row's vertices stand, and where
`layout.py`            where everything is: boxes, lines, lanes, and graphs within boxes
`svg.py`               a picture that needs nothing else
`dot.py`               Graphviz text
=====================  =======================================================================================
"""
