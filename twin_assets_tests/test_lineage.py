"""The decisions of the level-triggered automation, driven as Dagster would drive them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from twin_assets.lineage import GRAPH, MAX_ATTEMPTS, Attempts, Node, Plan, Recorded, Request, World, inputs_of, plan

EMPTY = World(recorded={}, parameters={}, sources=["blog", "x"], recipes=["default"])


def run(world: World, request: Request, outputs: dict[str, str] | None = None, refused: str = "") -> World:
    """The world after the run of a request; an asset's output follows from its inputs unless `outputs` says else."""
    recorded = dict(world.recorded)
    for name in request.assets:
        node = Node(name, request.partition)
        inputs = inputs_of(node, replace(world, recorded=recorded))
        assert inputs is not None, f"{node} was requested before it could be made"
        version = (outputs or {}).get(name, f"{name}-{inputs}")
        recorded[node] = Recorded(version, inputs, passed=name != refused)
        if name == refused:
            break
    return replace(world, recorded=recorded)


def settle(world: World) -> tuple[World, list[Request]]:
    """Run whatever is requested until nothing is."""
    done: list[Request] = []
    while requests := plan(world).requests:
        for request in requests:
            world = run(world, request)
            done.append(request)
        assert len(done) < 50
    return world, done


def test_the_first_run_materializes_each_node_of_the_graph_exactly_once():
    world, done = settle(EMPTY)
    made = [(name, request.partition) for request in done for name in request.assets]
    assert len(made) == len(set(made)) == len(world.recorded) == len(GRAPH) + 2
    assert plan(world) == Plan((), (), ())


def test_a_lane_waits_until_the_lanes_above_it_are_done():
    assert {request.lane for request in plan(EMPTY).requests} == {"collect"}
    blog = next(request for request in plan(EMPTY).requests if request.partition == "blog")
    half = run(EMPTY, blog)
    assert [(r.lane, r.partition) for r in plan(half).requests] == [("collect", "x")]
    collecting = replace(half, active=frozenset({("collect", "x")}))
    assert plan(collecting).requests == ()


def test_a_changed_source_leads_to_one_run_of_each_lane():
    world, _ = settle(EMPTY)
    changed = replace(world, parameters={Node("raw_documents", "x"): "a new file"})
    _, done = settle(changed)
    assert [(request.lane, request.partition) for request in done] == [
        ("collect", "x"),
        ("data", ""),
        ("train", "default"),
        ("deploy", ""),
    ]


def test_a_change_that_does_not_change_the_cleaned_text_stops_there():
    world, _ = settle(EMPTY)
    changed = replace(world, parameters={Node("raw_documents", "x"): "touched"})
    (request,) = plan(changed).requests
    same = {"cleaned_documents": world.recorded[Node("cleaned_documents", "x")].data_version}
    assert plan(run(changed, request, same)).stale == ()


def test_a_source_that_keeps_failing_does_not_stop_the_others():
    failing = next(request for request in plan(EMPTY).requests if request.partition == "x")
    world = replace(EMPTY, attempts={failing.digest: Attempts(failed=MAX_ATTEMPTS, ended=MAX_ATTEMPTS)})
    world, done = settle(world)
    assert "x" not in {request.partition for request in done}
    assert Node("deployed_twin") in world.recorded
    assert [request.digest for request in plan(world).exhausted] == [failing.digest]


def test_a_run_that_was_interrupted_is_asked_for_again_under_a_new_key():
    first = plan(EMPTY).requests[0]
    again = plan(replace(EMPTY, attempts={first.digest: Attempts(failed=0, ended=7)})).requests[0]
    assert again.digest == first.digest
    assert again.key != first.key


def test_a_twin_that_its_gate_refused_is_neither_registered_nor_deployed_nor_trained_again():
    world = EMPTY
    while (request := plan(world).requests[0]).lane != "train":
        world = run(world, request)
    refused = run(world, request, refused="evaluation_report")
    assert plan(refused).requests == ()
    assert Node("registered_model", "default") not in refused.recorded


def test_a_source_taken_out_of_the_config_makes_the_corpus_stale():
    world, _ = settle(EMPTY)
    decided = plan(replace(world, sources=["blog"]))
    assert [str(stale.node) for stale in decided.stale] == ["corpus"]


def test_a_recipe_added_later_trains_that_recipe_alone():
    world, _ = settle(EMPTY)
    (request,) = plan(replace(world, recipes=["default", "longer"])).requests
    assert (request.lane, request.partition) == ("train", "longer")


@given(st.lists(st.tuples(st.sampled_from(sorted(GRAPH)), st.integers(0, 3)), max_size=6))
def test_whatever_changes_the_graph_settles_and_a_second_look_asks_for_nothing(changes: list[tuple[str, int]]):
    world, _ = settle(EMPTY)
    parameters = {
        Node(name, {"source": "x", "recipe": "default"}.get(GRAPH[name].partitioned_by, "")): str(n)
        for name, n in changes
    }
    settled, _ = settle(replace(world, parameters=parameters))
    assert plan(settled) == Plan((), (), ())


def test_a_paused_source_is_not_collected_and_its_documents_stay_in_the_corpus():
    world, _ = settle(EMPTY)
    paused = replace(world, paused=frozenset({"x"}))
    changed = replace(paused, parameters={Node("raw_documents", "x"): "a new file"})
    assert plan(changed) == Plan((), (), ())
    assert {request.partition for request in plan(replace(changed, paused=frozenset())).requests} == {"x"}
