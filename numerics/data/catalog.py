"""The named sets of images: their files, where their owners publish them, their checksums and terms.

MD5 sums are those that the owners publish (Fashion-MNIST and CIFAR, on their pages) or that torchvision checks
(the others). SHA-256 sums are of the decompressed IDX contents.
"""

from __future__ import annotations

from numerics.data.image_set import ImageSet, PublishedFile

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

CIFAR100_CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""

CIFAR100 = ImageSet(
    name="cifar100",
    format="cifar100",
    files=(
        _plain_file("https://www.cs.toronto.edu/~kriz/", "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"),
    ),
    image_shape=(32, 32, 3),
    class_names=tuple(CIFAR100_CLASSES.split()),
    license=CIFAR10.license,
    source=CIFAR10.source,
)

STL10 = ImageSet(
    name="stl10",
    format="stl10",
    files=(
        _plain_file(
            "http://ai.stanford.edu/~acoates/stl10/", "stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"
        ),
    ),
    image_shape=(96, 96, 3),
    class_names=("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    license="none stated by the owners, who ask to cite the paper; the images come from ImageNet",
    source=(
        "Coates, Lee and Ng, An analysis of single-layer networks in unsupervised feature learning, AISTATS (2011), "
        "https://cs.stanford.edu/~acoates/stl10/"
    ),
)

_GTSRB_BASE = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
GTSRB = ImageSet(
    name="gtsrb",
    format="gtsrb",
    files=(
        _plain_file(_GTSRB_BASE, "GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
        _plain_file(_GTSRB_BASE, "GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
        _plain_file(_GTSRB_BASE, "GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
    ),
    image_shape=(32, 32, 3),
    class_names=tuple(f"sign {k}" for k in range(43)),
    license="none stated by the owners, who ask to cite the paper",
    source=(
        "Stallkamp, Schlipsing, Salmen and Igel, Man vs. computer: benchmarking machine learning algorithms for "
        "traffic sign recognition, Neural Networks 32 (2012), https://benchmark.ini.rub.de"
    ),
)

EMNIST = ImageSet(
    name="emnist",
    format="emnist",
    files=(
        _plain_file("https://biometrics.nist.gov/cs_links/EMNIST/", "gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e"),
    ),
    image_shape=(28, 28, 1),
    class_names=tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
    license="public domain, NIST",
    source=(
        "the balanced split of Cohen, Afshar, Tapson and van Schaik, EMNIST: an extension of MNIST to handwritten "
        "letters, arXiv 1702.05373 (2017), https://www.nist.gov/itl/products-and-services/emnist-dataset"
    ),
)

IMAGE_SETS = {
    image_set.name: image_set
    for image_set in (FASHION_MNIST_SUBSET, FASHION_MNIST, MNIST, CIFAR10, SVHN, CIFAR100, STL10, GTSRB, EMNIST)
}
"""By name; only the first is shipped with the package."""
