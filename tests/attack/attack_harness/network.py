"""Addresses of a network namespace of our own: whole networks are given to the loopback interface (`ip route add local`),
so that every address of them can be a client. Nothing leaves the namespace."""
import os
import socket
import subprocess

IN_NAMESPACE = "GATEPOST_ATTACK_NAMESPACE"  # set by `dev` inside of it

GOOD = "203.0.113.10"      # an honest sender, whom nothing exempts
EXEMPT = "203.0.113.200"   # a monitoring host: in own_networks, and exempted
GOOD6 = "2001:db8:900d::10"
ATTACKERS = ["192.0.2.10", "198.51.100.10", "100.64.0.10", "198.18.0.10"]  # of four networks
NETWORK6 = "2001:db8:bad::/48"

LOCAL = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "100.64.0.0/16", "198.18.0.0/15"]
LOCAL6 = ["2001:db8::/32"]
IPV6_FREEBIND = 78  # linux/in6.h; Python has no name for it


def missing():
    """Why there is no such namespace, or None."""
    if os.environ.get(IN_NAMESPACE) == "1":
        return None
    return "no network namespace: run by ./dev test attack, as root or where unshare --user --net is allowed"


def bring_up():
    for words in [["link", "set", "lo", "up"],
                  *(["route", "replace", "local", network, "dev", "lo"] for network in LOCAL),
                  *(["-6", "route", "replace", "local", network, "dev", "lo"] for network in LOCAL6)]:
        subprocess.run(["ip", *words], check=True, capture_output=True)


def bound_socket(source):
    """A TCP socket that speaks from this address."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((source, 0))
    return made


def server_address(source):
    """Where a client of this family finds Gatepost."""
    return "::1" if ":" in source else "127.0.0.1"
