"""Pictures of graphs: where everything is, what SVG and Graphviz text say."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import pytest

from tfrt.executor.support.drawing.dot import dot
from tfrt.executor.support.drawing.graph import Edge, Graph, Outer, Vertex, columns_of, elided
from tfrt.executor.support.drawing.layout import WIDTH, lay_out, lay_out_all
from tfrt.executor.support.drawing.rows import FAR, MANY
from tfrt.executor.support.drawing.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def random_graph(seed, count, streams=1):
    """A graph whose vertices take values of some before them; every fifth one is a constant."""
    chance = random.Random(seed)
    vertices, edges = [], []
    for number in range(count):
        kind = "constant" if number % 5 == 0 else "op"
        stream = chance.randrange(streams) if streams > 1 else None
        bodies = (random_graph(seed + 1, 4),) if number % 11 == 7 and count > 10 else ()
        vertices.append(Vertex("op" * chance.randint(1, 9), ("%x: i32",), "title", kind, stream, bodies))
        if kind == "op":
            for source in chance.sample(range(number), min(number, chance.randint(0, 3))):
                edges.append(Edge(source, number, f"%{source}", chance.random() < 0.2))
    return Graph("@f", "()", "", tuple(vertices), tuple(edges))


def overlap(a, b):
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def check(layout):
    """What holds for every picture."""
    boxes = layout.boxes
    for number, box in enumerate(boxes):
        assert box.x >= 0 and box.x + box.width <= layout.width
        assert box.y >= 0 and box.y + box.height <= layout.height
        assert not any(overlap(box, other) for other in boxes[:number])
        for x, y, body in box.bodies:
            assert box.x <= x and x + body.width <= box.x + box.width
            assert box.y <= y and y + body.height <= box.y + box.height
            check(body)
    drawn = set()
    for line in layout.lines:
        source, target = boxes[line.edge.source], boxes[line.edge.target]
        drawn.add((line.edge.source, line.edge.target))
        (_, first), *_, (last, _) = [((x, y), (x, below)) for (x, y), (_, below) in line.pairs]
        assert source.y + source.height <= first[1] < last[1] == target.y
        assert target.x <= last[0] <= target.x + target.width
        for (x, upper), (_, lower) in line.pairs[1:-1]:
            # Where it goes straight down there is no box; between rows there is none anyway.
            assert not any(b.x < x < b.x + b.width and b.y < lower and upper < b.y + b.height for b in boxes)
    # What is no line is named.
    for edge in layout.graph.edges:
        assert (edge.source, edge.target) in drawn or boxes[edge.target].named


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("streams", [1, 4])
def test_nothing_overlaps_and_lines_lead_down(seed, streams):
    check(lay_out(random_graph(seed, 40, streams)))


def test_wide_programs_have_rows_that_can_be_read():
    wide = Graph("@f", "()", "", tuple(Vertex("some.op") for _ in range(300)), ())
    layout = lay_out(wide)
    check(layout)
    assert layout.width <= WIDTH + 40
    many = Graph("@f", "()", "", (*wide.vertices, Vertex("all")), tuple(Edge(n, 300, f"%{n}") for n in range(300)))
    layout = lay_out(many)
    check(layout)
    assert layout.width <= WIDTH + 40


def test_arguments_and_constants_stand_above_their_first_use():
    vertices = (Vertex("x", kind="argument"), Vertex("c", kind="constant"), Vertex("a"), Vertex("b"), Vertex("d"))
    edges = (Edge(0, 2, "%x"), Edge(2, 3, "%a"), Edge(3, 4, "%b"), Edge(1, 4, "%c"))
    x, c, a, b, d = lay_out(Graph("@f", "()", "", vertices, edges)).boxes
    assert x.y < a.y < b.y == c.y < d.y


def test_what_comes_from_far_above_is_named():
    vertices = tuple(Vertex(f"v{n}") for n in range(FAR + 3))
    edges = (*(Edge(n, n + 1, f"%{n}") for n in range(FAR + 2)), Edge(0, FAR + 2, "%far"), Edge(0, 2, "%near"))
    layout = lay_out(Graph("@f", "()", "", vertices, edges))
    assert layout.boxes[FAR + 2].named == (("%far", 0),)
    assert sum(line.edge.name == "%near" for line in layout.lines) == 1


def test_what_many_take_is_a_line_only_nearby():
    vertices = tuple(Vertex(f"v{n}") for n in range(MANY + 3))
    chain = [Edge(n, n + 1, f"%{n}") for n in range(MANY + 2)]
    edges = (*chain, *(Edge(0, n, "%all") for n in range(1, MANY + 3)))
    layout = lay_out(Graph("@f", "()", "", vertices, edges))
    assert [line.edge.target for line in layout.lines if line.edge.name == "%all"] == [1]
    assert all(box.named == (("%all", 0),) for box in layout.boxes[2:])


def test_names_that_do_not_fit_are_left_out():
    outer = tuple(Outer(0, f"%some_value_{n}") for n in range(9))
    (box,) = lay_out(Graph("@f", "()", "", (Vertex("v"),), (), outer)).boxes
    assert [name for name, _ in box.named] == ["%some_value_0", "%some_value_1", "…"]


def test_circles_end_somewhere():
    vertices = (Vertex("a"), Vertex("b"), Vertex("c"))
    layout = lay_out(Graph("@f", "()", "", vertices, (Edge(0, 1, "%a"), Edge(1, 2, "%b"), Edge(2, 0, "%c"))))
    check(layout)
    assert layout.boxes[0].named == (("%c", 2),)


def test_streams_are_columns():
    vertices = (
        Vertex("x", kind="argument"),
        *(Vertex(f"v{n}", stream=n % 2) for n in range(8)),
        Vertex("alone", stream=7),
    )
    edges = tuple(Edge(max(0, n - 2), n, f"%{n}") for n in range(1, 10))
    layout = lay_out(Graph("@f", "()", "", vertices, edges))
    check(layout)
    bands = {band.stream: band for band in layout.bands}
    assert sorted(bands) == [0, 1]
    for box in layout.boxes[1:9]:
        band = bands[box.vertex.stream]
        assert band.x <= box.x and box.x + box.width <= band.x + band.width
    assert not overlap(bands[0], bands[1])


def test_streams_that_are_not_there_at_once_share_a_column():
    vertices = tuple(Vertex(f"v{n}", stream=n // 4) for n in range(12))
    edges = tuple(Edge(n, n + 1, f"%{n}") for n in range(11))
    layout = lay_out(Graph("@f", "()", "", vertices, edges))
    assert [band.stream for band in layout.bands] == [0, 1, 2]
    assert len({band.x for band in layout.bands}) == 1


def test_graphs_stand_beside_and_below_one_another():
    width, height, placed = lay_out_all([random_graph(seed, 3) for seed in range(12)])
    assert width <= WIDTH and len({y for _, y, _ in placed}) > 1
    assert all(x + layout.width <= width and y + layout.height <= height for x, y, layout in placed)
    assert lay_out_all([]) == (0, 0, [])


def texts(picture):
    return [element.text for element in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_svg_needs_nothing_else_and_says_everything():
    inner = Graph("body", "", "", (Vertex("in"),), (), (Outer(0, "%y"),))
    graph = Graph(
        "@f", "(%x: i32)", "f.mlir:1", (Vertex("a.b", ("%y: i32",), "at f.mlir:2", "op", None, (inner,)),), ()
    )
    picture = svg([graph], "p.mlir")
    assert texts(picture) == ["@f(%x: i32)", "a.b", "%y: i32", "body", "in", "↑", "%y"]
    titles = [element.text for element in ElementTree.fromstring(picture).iter(f"{SVG}title")]
    assert titles == ["p.mlir", "f.mlir:1", "at f.mlir:2"]
    assert picture.count("http") == 1 and "@media (prefers-color-scheme:dark)" in picture
    assert "<script" not in picture and "url(" not in picture and "@import" not in picture


def test_references_lead_to_boxes():
    vertices = tuple(Vertex(f"v{n}") for n in range(FAR + 3))
    edges = (*(Edge(n, n + 1, f"%{n}") for n in range(FAR + 2)), Edge(0, FAR + 2, "%far"))
    root = ElementTree.fromstring(svg([Graph("@f", "", "", vertices, edges)], ""))
    (link,) = root.iter(f"{SVG}a")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert link.get("href") == f"#{ids[0]}" and len(set(ids)) == len(ids)


HOSTILE = "</svg><script>alert(1)</script>&\"'\x00\x1b\ud800\u202e"


def test_what_a_program_says_is_text():
    vertices = (Vertex(HOSTILE, (HOSTILE,), HOSTILE), Vertex("b"))
    graph = Graph(HOSTILE, HOSTILE, HOSTILE, vertices, (Edge(0, 1, HOSTILE),), (Outer(0, HOSTILE),))
    picture = svg([graph], HOSTILE)
    assert "<script" not in picture
    assert texts(picture)[-1] == "b"
    assert dot([graph], HOSTILE).startswith('digraph "</svg><script>alert(1)</script>&\\"\'����" {\n')


def test_graphviz_text():
    inner = Graph("body", "", "", (Vertex("in"),), ())
    vertices = (Vertex("%c = 1", (), "", "constant", 0), Vertex("a.b", ('"q" \\',), "t", "op", 1, (inner,)))
    graph = Graph("@f", "(i32)", "f.mlir:1", vertices, (Edge(0, 1, "%c", True),), (), 3)
    assert dot([graph], "p") == (
        'digraph "p" {\n'
        "  compound=true;\n"
        '  node [fontname="monospace", fontsize=11];\n'
        '  edge [fontname="monospace", fontsize=9];\n'
        "  subgraph cluster_g0 {\n"
        '    label="@f(i32)";\n'
        '    tooltip="f.mlir:1";\n'
        "    subgraph cluster_g0_s0 {\n"
        '      label="stream 0"; style=dotted;\n'
        '      g0_0 [shape=plaintext, label="%c = 1", tooltip=""];\n'
        "    }\n"
        "    subgraph cluster_g0_s1 {\n"
        '      label="stream 1"; style=dotted;\n'
        "      subgraph cluster_g0_1 {\n"
        '        label=""; style=rounded;\n'
        '        g0_1 [shape=box, label="a.b\\n\\"q\\" \\\\", tooltip="t"];\n'
        "        subgraph cluster_g0_1_0 {\n"
        '          label="body";\n'
        '          g0_1_0_0 [shape=box, label="in", tooltip=""];\n'
        "        }\n"
        "      }\n"
        "    }\n"
        '    g0_0 -> g0_1 [tooltip="%c", style=dashed];\n'
        '    g0_more [shape=plaintext, label="… and 3 more"];\n'
        "  }\n"
        "}\n"
    )


def test_the_beginning_of_a_graph():
    graph = Graph("@f", "", "", tuple(Vertex(f"v{n}") for n in range(5)), (Edge(0, 1, "a"), Edge(1, 4, "b")))
    short = graph.beginning(2)
    assert (len(short.vertices), short.edges, short.left_out) == (2, (Edge(0, 1, "a"),), 3)
    assert graph.beginning(5) is graph
    assert texts(svg([short], ""))[-1] == "… and 3 more"


def test_long_texts_are_elided():
    assert elided("short\n  text") == "short text"
    assert elided("x" * 50, 10) == "x" * 9 + "…"
    assert columns_of(elided("漢字" * 30, 11)) <= 11
