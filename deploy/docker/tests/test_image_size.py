"""How large an image is beyond its base is read from its history, as each builder writes it."""

import unittest

from tests.files import DOCKER, dockerfile

from dispatch_local.image_size import MOST, complaint
from dispatch_local.settings import SERVICES

_BASE = [(30_000_000, "bazel build ..."), (90_000_000, "LABEL org.opencontainers.image.vendor=Somebody")]
_LABEL = "LABEL org.opencontainers.image.vendor=Dispatch org.opencontainers.image.licenses=MIT"


def history(binary: int, label: str = _LABEL) -> list[tuple[int, str]]:
    copied = (binary, "COPY /built/order-service /usr/local/bin/order-service # buildkit")
    return [(0, 'ENTRYPOINT ["/usr/local/bin/order-service"]'), copied, (0, "USER 65532:65532"), (0, label), *_BASE]


class Size(unittest.TestCase):
    def test_what_is_beyond_the_base_may_be_so_large_and_no_larger(self) -> None:
        self.assertEqual(complaint("order-service", history(MOST)), "")
        self.assertIn("order-service has 40,000,001 bytes", complaint("order-service", history(MOST + 1)))

    def test_it_is_the_same_without_buildkit(self) -> None:
        for label in (f"/bin/sh -c #(nop)  {_LABEL}", _LABEL.replace("Dispatch", '"Dispatch"')):
            self.assertEqual(complaint("order-service", history(1, label)), "")
            self.assertNotEqual(complaint("order-service", history(MOST + 1, label)), "")

    def test_where_the_base_ends_has_to_be_seen(self) -> None:
        self.assertIn("does not show where its base ends", complaint("order-service", history(1, "LABEL other=x")))
        self.assertNotEqual(complaint("order-service", []), "")

    def test_the_label_comes_before_all_that_takes_space(self) -> None:
        read = dockerfile(DOCKER / "Dockerfile")
        for service in SERVICES:
            first = next(instruction for instruction in read.of(service) if instruction.word != "ARG")
            self.assertEqual((first.word, first.rest.split()[0]), ("LABEL", 'org.opencontainers.image.vendor="Dispatch"'))


if __name__ == "__main__":
    unittest.main()
