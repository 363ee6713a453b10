import gzip
import hashlib
import http.server
import logging
import socket
import threading
from functools import partial

import numpy as np
import pooch
import pytest

from numerics.data.catalog import FASHION_MNIST
from numerics.data.download import DownloadBar
from numerics.data.image_set import ImageSet, PublishedFile
from numerics.data.locate import cache_folder, obtain, search_folders
from numerics.errors import InputError


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder that a real HTTP server on this machine serves, and its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NFA_DATA", raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def announcements():
    """What pooch says of its own accord."""
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    pooch.get_logger().addHandler(handler)
    yield records
    pooch.get_logger().removeHandler(handler)


def tiny(*urls, md5="0" * 32):
    file = PublishedFile("a.bin", urls, f"md5:{md5}", f"md5:{md5}")
    return ImageSet("tiny", "idx", (file,), (1, 1, 1), ("a",), "", "", ("/no/such/system/folder",)), file


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_folder_of_the_set_comes_before_the_shared_one(tmp_path, monkeypatch):
    monkeypatch.setenv("NFA_DATA", str(tmp_path / "data"))
    image_set, file = tiny()
    cache = tmp_path / "cache"
    folders = search_folders(image_set, cache)
    assert [str(folder) for folder in folders] == [
        str(tmp_path / "data" / "tiny"),
        str(tmp_path / "data"),
        str(cache / "tiny"),
        str(cache),
        "/no/such/system/folder",
    ]
    for folder in reversed(folders[:4]):  # each is found, and hides the later ones
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.bin").write_bytes(b"")
        assert obtain(image_set, file, cache) == folder / "a.bin"


def test_fashion_mnist_is_also_looked_for_where_debian_puts_it():
    assert str(search_folders(FASHION_MNIST)[-1]) == "/usr/share/datasets/fashion-mnist"


def test_the_cache_is_the_users_unless_given(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(None).name == "nfa-theory"
    assert cache_folder(tmp_path / "mine") == tmp_path / "mine"


def test_downloads_once(served, tmp_path, announcements):
    folder, address = served
    (folder / "a.bin").write_bytes(b"contents")
    image_set, file = tiny(address + "a.bin", md5=hashlib.md5(b"contents").hexdigest())
    path = obtain(image_set, file, tmp_path / "cache")
    assert path == tmp_path / "cache" / "tiny" / "a.bin"
    assert path.read_bytes() == b"contents"
    (folder / "a.bin").unlink()
    assert obtain(image_set, file, tmp_path / "cache") == path
    assert not announcements


def test_a_terminal_shows_the_progress_and_then_nothing(monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    bar = DownloadBar("a.bin")
    assert capfd.readouterr().err == ""
    bar.total = 200
    bar.update(100)
    bar.progress.refresh()
    bar.close()
    shown = capfd.readouterr().err
    assert "downloading a.bin" in shown
    assert "50%" in shown


def test_gzip_files_arrive_packed_and_larger_than_one_chunk(served, tmp_path):
    folder, address = served
    content = gzip.compress(np.random.default_rng(0).bytes(200_000))
    (folder / "a.bin").write_bytes(content)
    image_set, file = tiny(address + "a.bin", md5=hashlib.md5(content).hexdigest())
    assert obtain(image_set, file, tmp_path / "cache").read_bytes() == content


def test_takes_the_next_address_when_one_fails(served, tmp_path):
    folder, address = served
    (folder / "b.bin").write_bytes(b"contents")
    md5 = hashlib.md5(b"contents").hexdigest()
    image_set, file = tiny(f"http://127.0.0.1:{closed_port()}/a.bin", address + "a.bin", address + "b.bin", md5=md5)
    assert obtain(image_set, file, tmp_path / "cache").read_bytes() == b"contents"


def test_refuses_a_download_with_another_checksum_and_leaves_nothing(served, tmp_path, one_line):
    folder, address = served
    (folder / "a.bin").write_bytes(b"tampered")
    image_set, file = tiny(address + "a.bin", md5=hashlib.md5(b"contents").hexdigest())
    with pytest.raises(InputError, match=r"wrong checksum") as info:
        obtain(image_set, file, tmp_path / "cache")
    one_line(info)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_without_network_the_message_says_where_to_put_the_file(tmp_path, monkeypatch, one_line, announcements):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("NFA_DATA", str(tmp_path / "data"))
    image_set, file = tiny(f"http://127.0.0.1:{closed_port()}/a.bin")
    with pytest.raises(InputError) as info:
        obtain(image_set, file, tmp_path / "cache")
    message = one_line(info)
    assert message.startswith(f"tiny needs the file a.bin: put it in {tmp_path / 'data' / 'tiny'}, because")
    assert "ConnectionError" in message
    assert not announcements
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_is_named(served, tmp_path, one_line):
    folder, address = served
    (folder / "a.bin").write_bytes(b"contents")
    image_set, file = tiny(address + "a.bin", md5=hashlib.md5(b"contents").hexdigest())
    blocked = tmp_path / "blocked"
    blocked.write_bytes(np.zeros(1).tobytes())  # a file where the folder should be
    with pytest.raises(InputError, match=r"downloading failed .*(NotADirectoryError|FileExistsError)") as info:
        obtain(image_set, file, blocked)
    one_line(info)
