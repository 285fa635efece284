#!/usr/bin/env bash
# The units of docker/systemd under systemd itself: makes a root by debootstrap, boots it with systemd-nspawn, and runs
# booted_test.py in it as a service. Called by `./dev test boot`, as root. Not part of CI: a container, in which CI may
# run, can seldom boot another.
#
# usage: boot.sh BINARY JUNIT_FILE
# exit status: that of the tests; 75 where nothing can be booted here
#
# Of the machine it wants root, debootstrap, systemd-container, and a Debian mirror (BOOT_MIRROR). The root stays in
# build/boot for the next time; nspawn has a network and a /run of its own, so that nothing of the machine is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
binary=$1 results=$2
root=$PWD/build/boot/root
mirror=${BOOT_MIRROR:-http://deb.debian.org/debian}

impossible() {
    printf 'nothing can be booted: %s\n' "$*" >&2
    exit 75
}

make_root() {
    local libraries codename
    libraries=$(ldd "$binary" | sed -n 's/.*\/\([^/ ]*\) (0x.*/*\/\1/p' | xargs dpkg -S | cut -d : -f 1 |
        grep -v -e '^lib32' -e '-i386$' | sort -u | paste -sd ,)
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase --include="systemd,systemd-sysv,dbus,python3,python3-pytest,$libraries" \
        "$codename" "$root" "$mirror" >build/boot/debootstrap.log 2>&1 || impossible "debootstrap failed (build/boot/debootstrap.log)"
    touch "$root/.made"
}

# What docker/README.md tells an administrator to do, and the tests.
install_gatepost() {
    chroot "$root" id gatepost >/dev/null 2>&1 || chroot "$root" useradd --system --user-group gatepost
    rm -rf "$root/var/lib/gatepost" "$root/etc/gatepost" "$root/test"
    install -D -m 755 "$binary" "$root/usr/bin/gatepost"
    install -m 644 -t "$root/etc/systemd/system" docker/systemd/gatepost.socket docker/systemd/gatepost.service
    install -D -m 644 tests/boot/gatepost.yaml "$root/etc/gatepost/gatepost.yaml"
    mkdir -p "$root/etc/gatepost/tls" "$root/test/harness"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mx1.ours.example -keyout "$root/etc/gatepost/tls/key.pem" \
        -out "$root/etc/gatepost/tls/cert.pem" 2>build/boot/openssl.log
    chroot "$root" chown root:gatepost /etc/gatepost/tls/key.pem
    chmod 640 "$root/etc/gatepost/tls/key.pem"
    cp tests/boot/booted_test.py "$root/test"
    cp tests/e2e/harness/{__init__,process,sink}.py "$root/test/harness"
    printf '127.0.0.1 localhost\n127.0.0.1 mail.behind.example\n' >"$root/etc/hosts"
    cat >"$root/etc/systemd/system/test.service" <<'UNIT'
[Unit]
Description=The tests; their end is the machine's
After=dbus.service sockets.target
[Service]
Type=oneshot
WorkingDirectory=/test
StandardOutput=file:/test/log
StandardError=inherit
ExecStart=/bin/sh -c 'python3 -B -m pytest -v -p no:cacheprovider --junitxml /test/cases.xml booted_test.py; echo $? >/test/status'
ExecStopPost=/bin/systemctl --no-block poweroff
UNIT
    chroot "$root" systemctl --quiet enable gatepost.socket test.service 2>/dev/null || true
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf ../test.service "$root/etc/systemd/system/multi-user.target.wants/test.service"
}

# systemd in the container wants one hierarchy of control groups; this machine may show it several.
boot() {
    # shellcheck disable=SC2016 # the inner shell's
    timeout -k 10 400 unshare --mount sh -euc '
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        umount -R /sys/fs/cgroup
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mkdir -p /sys/fs/cgroup/gatepost-boot
        echo $$ >/sys/fs/cgroup/gatepost-boot/cgroup.procs
        exec systemd-nspawn --directory="$0" --boot --register=no --keep-unit --private-network --console=pipe' "$root" \
        </dev/null >build/boot/nspawn.log 2>&1 || true
}

[ "$(id -u)" = 0 ] || impossible "only root can"
for program in debootstrap systemd-nspawn; do
    command -v $program >/dev/null || impossible "$program is missing (debootstrap, systemd-container)"
done
mkdir -p build/boot "$(dirname "$results")"
[ -e "$root/.made" ] || make_root
install_gatepost
boot
[ -e "$root/test/status" ] || impossible "the machine did not come up (build/boot/nspawn.log)"
cat "$root/test/log"
cp "$root/test/cases.xml" "$results"
exit "$(cat "$root/test/status")"
