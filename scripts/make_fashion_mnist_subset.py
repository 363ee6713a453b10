"""Make the images shipped in numerics/data/assets from the full Fashion-MNIST.

Usage::

    python scripts/make_fashion_mnist_subset.py [OUTPUT]

Looks for the full set where the package does ($NFA_DATA, the cache, Debian's package
dataset-fashion-mnist), takes the first 200 training and the first 50 test images of each class in the
order of the files, and prints the size and checksum of the file written. Rerun, it writes the same bytes
(with another build of zlib: the same arrays).
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from numerics.data.catalog import FASHION_MNIST
from numerics.data.image_sets import read_image_set
from numerics.data.subset import TEST_PER_CLASS, TRAIN_PER_CLASS, first_of_each_class, pack_subset, subset_path


def main(output: Path) -> None:
    """Write the subset and say what was written."""
    train, test = read_image_set(FASHION_MNIST)
    content = pack_subset(first_of_each_class(train, TRAIN_PER_CLASS), first_of_each_class(test, TEST_PER_CLASS))
    output.write_bytes(content)
    print(f"{output}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else subset_path())
