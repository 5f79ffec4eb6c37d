"""The trees are those of RFC 6962: its test vectors, another library, and every small size agree."""

from itertools import pairwise

import pymerkle  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.audit import merkle

# The vectors of the RFC's reference implementation: eight leaves, and the root over the first n.
CONTENTS = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
contents = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def laid(leaves: list[bytes]) -> bytes:
    return b"".join(map(merkle.leaf, leaves))


def other_library(leaves: list[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for each in leaves:
        tree.append_entry(each)
    return tree


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_rfc(size: int) -> None:
    assert merkle.root(laid(CONTENTS[:size])).hex() == ROOTS[size - 1]


def test_the_tree_of_nothing_is_the_hash_of_nothing() -> None:
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(b"").hex() == merkle.Growing().root().hex() == nothing


def test_the_rfc_s_example_paths() -> None:
    """Section 2.1.3: a tree of seven leaves, and its paths from d0, d3, d4 and d6."""
    hashes = laid(CONTENTS[:7])
    a, b, c, d, e, f, j = merkle.cut(hashes)
    g, h, i = merkle.node(a, b), merkle.node(c, d), merkle.node(e, f)
    k, l = merkle.node(g, h), merkle.node(i, j)  # noqa: E741 - the RFC's names
    assert merkle.inclusion(hashes, 0) == [b, h, l]
    assert merkle.inclusion(hashes, 3) == [c, g, l]
    assert merkle.inclusion(hashes, 4) == [f, j, k]
    assert merkle.inclusion(hashes, 6) == [i, k]
    assert merkle.consistency(hashes, 3) == [c, d, g, l]
    assert merkle.consistency(hashes, 4) == [l]
    assert merkle.consistency(hashes, 6) == [i, j, k]


@given(contents)
def test_another_library_makes_the_same_trees_and_proofs(leaves: list[bytes]) -> None:
    hashes, tree = laid(leaves), other_library(leaves)
    root, size = merkle.root(hashes), len(leaves)
    assert root == tree.get_root()
    for index in range(size):
        proof = tree.prove_inclusion(index + 1)
        path = merkle.inclusion(hashes, index)
        assert [*proof.path][1:] == path
        assert merkle.is_included(merkle.leaf(leaves[index]), index, size, path, root)
    for old in range(1, size + 1):
        path = merkle.consistency(hashes, old)
        assert merkle.is_consistent(old, tree.get_root(old), size, root, path)


@given(contents, st.data())
def test_a_proof_proves_one_thing_alone(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = laid(leaves)
    root, size = merkle.root(hashes), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(hashes, index)
    other = merkle.leaf(b"another leaf altogether, longer than any of them")
    leaf = merkle.leaf(leaves[index])
    assert not merkle.is_included(other, index, size, path, root)
    assert not merkle.is_included(leaf, index, size, path, other)
    assert not merkle.is_included(leaf, index, size, [*path, other], root)
    assert not merkle.is_included(leaf, size, size, path, root)
    if path:
        assert not merkle.is_included(leaf, index, size, path[:-1], root)
    old = data.draw(st.integers(1, size))
    begun, grown = merkle.root(hashes[: old * 32]), merkle.consistency(hashes, old)
    assert not merkle.is_consistent(old, other, size, root, grown)
    assert not merkle.is_consistent(old, begun, size, other, grown)
    assert not merkle.is_consistent(old, begun, size, root, [*grown, other])
    assert not merkle.is_consistent(size + 1, begun, size, root, grown)
    assert not merkle.is_consistent(0, begun, size, root, grown)


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_tree_goes_on_from_its_peaks(first: int, more: int) -> None:
    hashes = merkle.cut(laid([bytes([i % 256, i // 256]) for i in range(first + more)]))
    tree = merkle.Growing()
    for each in hashes[:first]:
        tree.add(each)
    tree = merkle.Growing(tree.size, tree.peaks)
    for each in hashes[first:]:
        tree.add(each)
    assert (tree.size, tree.root()) == (first + more, merkle.root(b"".join(hashes)))


def test_peaks_that_do_not_fit_the_size_are_refused() -> None:
    with pytest.raises(ValueError, match="a tree of 3 leaves has 2 perfect subtrees"):
        merkle.Growing(3, [merkle.EMPTY])


@given(st.lists(st.integers(0, 9), max_size=12))
def test_chunks_of_any_size_make_the_same_tree(
    sizes: list[int],
) -> None:
    hashes = laid([bytes([i]) for i in range(sum(sizes))])
    ends = [sum(sizes[:i]) * 32 for i in range(len(sizes) + 1)]
    chunks = [hashes[a:b] for a, b in pairwise(ends)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merkle, "CHUNK", 4)
        assert merkle.root_of_chunks(chunks) == (sum(sizes), merkle.root(hashes))
