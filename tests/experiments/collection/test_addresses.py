import ipaddress

import pytest

from experiments.collection import addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - refused, not listened on
        "192.0.0.8",
        "192.88.99.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_private_and_disguised_addresses_are_not_public(address):
    assert not addresses.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_addresses_on_the_internet_are_public(address):
    assert addresses.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "１２７.0.0.1", "[::1]"]
)
def test_every_spelling_of_loopback_is_refused(host):
    with pytest.raises(addresses.AddressRefused):
        addresses.checked(addresses.parse(f"http://{host}:8080").host, 8080)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "2130706433", "0x7f000001", "127.1", "[::1]", "[fe80::1]", "0"]
)
def test_a_private_address_is_refused_without_being_called(host):
    with pytest.raises(addresses.AddressRefused, match="in a private network"):
        addresses.parse(f"http://{host}/")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860::8888]", "hub.example", "10.example"])
def test_a_public_address_and_a_name_may_be_called(host):
    assert str(addresses.parse(f"http://{host}/")) == f"http://{host}/"


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(addresses.AddressRefused, match=r"private network \(10\.0\.0\.1\)"):
        addresses.checked("hub.example", 80, resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize("allowed", ["127.0.0.1:*", "127.0.0.1:5000"])
def test_the_operator_can_allow_a_private_hub(allowed):
    url = addresses.parse("http://127.0.0.1:5000", [allowed])
    assert addresses.checked(url.host, 5000, [allowed]) == ["127.0.0.1"]


def test_an_allowed_hub_does_not_allow_its_neighbour():
    with pytest.raises(addresses.AddressRefused):
        addresses.checked("127.0.0.2", 8080, ["127.0.0.1:*"])
