"""One local cloud for whoever reads the documentation."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.product import Product


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product, open to everybody. Skips what would type into a shell that has not what the pages use."""
    for program in ("bash", "curl", "make", "python3", "sha256sum", "split"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    product = Product(tmp_path_factory.mktemp("docs") / "state")
    try:
        yield product.ready()
    finally:
        product.end()
