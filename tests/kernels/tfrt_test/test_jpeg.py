"""`tfrt_test.decode_jpeg`: pixels of JPEG files, with Pillow and without."""

import io
import random
import sys

import numpy as np
import pytest

import tfrt
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.tfrt_test.tensors_images import decode_jpeg

RED, GREEN, GRAY = (200, 30, 90), (10, 220, 40), (120, 120, 120)


def encoded(mode="RGB"):
    """A file of 16 by 24 pixels: two colors side by side, a third below them."""
    image = pytest.importorskip("PIL.Image")
    pixels = np.empty((16, 24, 3), np.uint8)
    pixels[:8, :16], pixels[:8, 16:], pixels[8:] = RED, GRAY, GREEN
    file = io.BytesIO()
    image.fromarray(pixels).convert(mode).save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()


def decode(data):
    """The pixels as an array, or what went wrong."""
    with HostContext("s") as host:
        result = decode_jpeg(data.decode("utf-8", "surrogateescape"), host)
        host.wait([result])
        if result.is_error:
            return result.error.message
        assert result.value.dtype is DType.UI8
        return result.value.array


def near(pixel, color):
    return np.abs(pixel.astype(int) - color).max() <= 3


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_height_width_and_three_channels(mode):
    pixels = decode(encoded(mode))
    assert pixels.shape == (16, 24, 3)
    assert near(pixels[3, 3], RED) and near(pixels[3, 20], GRAY) and near(pixels[12, 3], GREEN)


def test_gray_images_get_three_channels():
    pixels = decode(encoded("L"))
    assert pixels.shape == (16, 24, 3)
    assert near(pixels[3, 20], GRAY) and np.ptp(pixels, axis=2).max() == 0


def test_pixels_can_be_written_to():
    assert decode(encoded()).flags.writeable


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_other_data(data):
    with HostContext("s") as host, pytest.raises(KernelError) as caught:
        decode_jpeg(data.decode("utf-8", "surrogateescape"), host)
    assert caught.value.message == "image does not have jpeg format"


def test_damaged_headers():
    assert decode(encoded()[:20]) == "cannot decode the JPEG image: its headers are damaged"


def test_a_file_cut_short():
    assert decode(encoded()[:-10]).startswith("cannot decode the JPEG image: image file is truncated")


def test_any_damage_is_an_error_or_gives_pixels():
    good, random_ = encoded(), random.Random(1)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(random_.randint(1, 6)):
            data[random_.randrange(3, len(data))] = random_.randrange(256)
        result = decode(bytes(data))
        assert isinstance(result, np.ndarray) or result.startswith("cannot decode the JPEG image: ")


def test_without_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with HostContext("s") as host, pytest.raises(KernelError) as caught:
        decode_jpeg("\udcff\udcd8\udcff", host)
    assert caught.value.message == "decode_jpeg needs Pillow: pip install 'tfrt[image]'"


PROGRAM = """
func.func @main(%path: !tfrt.string) -> !ts.shape {
  %file = "tfrt_test.read_string_from_file"(%path) : (!tfrt.string) -> !tfrt.string
  %image = tfrt_test.decode_jpeg %file
  %height = tfrt.constant.i64 8
  %width = tfrt.constant.i64 6
  %small = tfrt_test.resize_bilinear %image, %height, %width
  %shape = tfrt_dht.get_tensor_shape %small
  tfrt.return %shape : !ts.shape
}
"""


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_from_a_file_to_a_smaller_image(tmp_path, queue):
    (tmp_path / "image.jpg").write_bytes(encoded())
    with HostContext(queue) as host:
        main = tfrt.load(tfrt.compile(PROGRAM), host=host)["main"]
        assert str(main(str(tmp_path / "image.jpg"))) == "[8, 6, 3]"


def test_a_damaged_file_is_reported_where_it_is_decoded(tmp_path):
    (tmp_path / "image.jpg").write_bytes(encoded()[:20])
    reported = []
    with HostContext("s", diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        main = tfrt.load(tfrt.compile(PROGRAM, "p.mlir"), host=host)["main"]
        with pytest.raises(KernelError):
            main(str(tmp_path / "image.jpg"))
    assert reported == ["p.mlir:4:12: error: runtime error: cannot decode the JPEG image: its headers are damaged"]
