"""The named sets of images: their files, where their owners publish them, their checksums and terms.

MD5 sums are those that the owners publish (Fashion-MNIST and CIFAR-10, on their pages) or that torchvision
checks (MNIST and SVHN). SHA-256 sums are of the decompressed IDX contents.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedFile:
    """One file of a set.

    Parameters
    ----------
    name : str
        File name.
    urls : tuple of str
        Where to download it, in the order to try.
    download_hash : str
        ``"md5:..."`` of the published file.
    content_hash : str
        Hash that a copy found on this machine must have: of the decompressed contents for IDX files,
        of the file itself otherwise.
    """

    name: str
    urls: tuple[str, ...]
    download_hash: str
    content_hash: str


@dataclass(frozen=True)
class ImageSet:
    """What is known of a named set before its files are opened.

    Parameters
    ----------
    name : str
        Name for ``load_dataset``.
    format : str
        ``"shipped"``, ``"idx"``, ``"cifar10"`` or ``"svhn"``.
    files : tuple of PublishedFile
        In the order that the format's reader wants them.
    image_shape : (height, width, channels)
        Shape of one image.
    class_names : tuple of str
        One name for each class.
    license, source : str
        Terms of use, and what to cite.
    system_folders : tuple of str
        Where a distribution's package puts the files.
    """

    name: str
    format: str
    files: tuple[PublishedFile, ...]
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    license: str
    source: str
    system_folders: tuple[str, ...] = ()


IDX_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _idx_files(bases: tuple[str, ...], md5: tuple[str, ...], sha256: tuple[str, ...]) -> tuple[PublishedFile, ...]:
    return tuple(
        PublishedFile(name, tuple(base + name for base in bases), f"md5:{md5_}", f"sha256:{sha256_}")
        for name, md5_, sha256_ in zip(IDX_NAMES, md5, sha256, strict=True)
    )


def _plain_file(base: str, name: str, md5: str) -> PublishedFile:
    return PublishedFile(name, (base + name,), f"md5:{md5}", f"md5:{md5}")


DIGITS = tuple("0123456789")
FASHION_LICENSE = "MIT, Copyright 2017 Zalando SE"
FASHION_SOURCE = (
    "Xiao, Rasul and Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms, arXiv 1708.07747 (2017), https://github.com/zalandoresearch/fashion-mnist"
)
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

FASHION_MNIST_SUBSET = ImageSet(
    name="fashion_mnist_subset",
    format="shipped",
    files=(),
    image_shape=(28, 28, 1),
    class_names=FASHION_CLASSES,
    license=FASHION_LICENSE,
    source=f"the first 200 training and 50 test images of each class of {FASHION_SOURCE}",
)

FASHION_MNIST = ImageSet(
    name="fashion_mnist",
    format="idx",
    files=_idx_files(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    image_shape=(28, 28, 1),
    class_names=FASHION_CLASSES,
    license=FASHION_LICENSE,
    source=FASHION_SOURCE,
    system_folders=("/usr/share/datasets/fashion-mnist",),
)

MNIST = ImageSet(
    name="mnist",
    format="idx",
    files=_idx_files(
        # The mirror that torchvision uses comes first: the owners' page has stopped serving the files.
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    image_shape=(28, 28, 1),
    class_names=DIGITS,
    license="CC BY-SA 3.0",
    source=("LeCun, Cortes and Burges, The MNIST database of handwritten digits, http://yann.lecun.com/exdb/mnist/"),
)

CIFAR10 = ImageSet(
    name="cifar10",
    format="cifar10",
    files=(
        _plain_file("https://www.cs.toronto.edu/~kriz/", "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
    ),
    image_shape=(32, 32, 3),
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    license="none stated by the owners, who ask to cite the report",
    source=(
        "Krizhevsky, Learning multiple layers of features from tiny images, technical report, "
        "University of Toronto (2009), https://www.cs.toronto.edu/~kriz/cifar.html"
    ),
)

SVHN = ImageSet(
    name="svhn",
    format="svhn",
    files=(
        _plain_file("http://ufldl.stanford.edu/housenumbers/", "train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"),
        _plain_file("http://ufldl.stanford.edu/housenumbers/", "test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
    ),
    image_shape=(32, 32, 3),
    class_names=DIGITS,
    license="non-commercial use only",
    source=(
        "Netzer, Wang, Coates, Bissacco, Wu and Ng, Reading digits in natural images with unsupervised feature "
        "learning, NIPS workshop (2011), http://ufldl.stanford.edu/housenumbers/"
    ),
)

IMAGE_SETS = {image_set.name: image_set for image_set in (FASHION_MNIST_SUBSET, FASHION_MNIST, MNIST, CIFAR10, SVHN)}
"""By name; only the first is shipped with the package."""
