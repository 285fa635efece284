#!/usr/bin/env bash
# Runs `./dev test` where nothing is installed yet: in a bare Debian or Ubuntu made by debootstrap, with an empty clone of the
# current commit, in a home of mode 700. Called by `./dev test fresh`, from the root of the repository.
#
# usage: fresh.sh 12|13|24.04 [ARG...]      (ARGs go to `./dev test` there; 24.04 wants Ubuntu's package ubuntu-keyring)
# exit status: that of the tests; 75 where no such root can be made here
set -uo pipefail

version=$1
shift
case $version in
12) system=debian codename=bookworm ;;
13) system=debian codename=trixie ;;
24.04) system=ubuntu codename=noble ;;
*) exit 2 ;;
esac
place=$PWD/build/fresh
bare=$place/$system$version.tar
source=$PWD

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
impossible() {
    printf 'no fresh root: %s\n' "$*" >&2
    exit 75
}

# What this machine's apt fetches through.
proxy_settings() { apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https)::(Proxy|CaInfo)(::[^ ]*)? "[^"]' || true; }

# The mirror that this machine's apt uses, if it is one of Debian by http; else Debian's own. For Ubuntu that one's.
mirror() {
    local found
    [ $system = debian ] || { echo "${FRESH_MIRROR:-http://archive.ubuntu.com/ubuntu}" && return; }
    found=$(apt-get indextargets --format '$(LABEL) $(SITE)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian \(https\?:.*\)/\1/p')
    echo "${FRESH_MIRROR:-${found:+${found%%$'\n'*}}}" | sed 's,^$,http://deb.debian.org/debian,'
}

# make_bare: debootstrap's root as an archive, kept for the next time.
make_bare() {
    local root=$place/making log=$place/debootstrap.log proxy= pause keyring=/usr/share/keyrings/$system-archive-keyring.gpg
    local script=sid # each of Debian's releases is made like this one, each of Ubuntu's like gutsy
    [ $system = debian ] || script=gutsy
    say "a bare ${system^} $version by debootstrap"
    [ -e "$keyring" ] || impossible "$keyring is missing (${system^}'s package of its keys)"
    rm -rf --one-file-system "$root"
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -n "$proxy" ] && export http_proxy=${http_proxy:-$proxy}
    for pause in 20 60 120 0; do # mirrors fail for minutes
        timeout 1200 debootstrap --variant=minbase --keyring="$keyring" "$codename" "$root" "$(mirror)" \
            "/usr/share/debootstrap/scripts/$script" >"$log" 2>&1 && break
        tail -n 5 "$log" >&2
        [ $pause != 0 ] || impossible "debootstrap failed ($log)"
        sleep $pause
        rm -rf --one-file-system "$root"
    done
    if [ $system = ubuntu ]; then # as its installer leaves it
        printf 'deb %s %s main universe\n' "$(mirror)" $codename "$(mirror)" $codename-updates >"$root/etc/apt/sources.list"
    fi
    tar -C "$root" -cf "$bare.new" . && mv "$bare.new" "$bare"
    rm -rf --one-file-system "$root"
}

# prepare ROOT: how the network is reached, and the user with an empty clone.
prepare() {
    local root=$1 file
    for file in resolv.conf hosts; do
        [ -e "/etc/$file" ] && cp -L "/etc/$file" "$root/etc/$file"
    done
    proxy_settings >"$root/etc/apt/apt.conf.d/90fresh"
    [ -r "${NODE_EXTRA_CA_CERTS:-}" ] && install -D -m 644 "$NODE_EXTRA_CA_CERTS" "$root/etc/ssl/fresh-ca.pem"
    [ "$user" = root ] || chroot "$root" useradd --create-home --shell /bin/bash "$user"
    home=$(chroot "$root" sh -c "echo ~$user")
    chmod 700 "$root$home"
    if [ -n "$ccache" ] && [ "$user" != root ]; then # a copy, which is the user's
        mkdir "$root$home/.cache" && cp -r "$ccache" "$root$home/.cache/ccache" || return
        ccache=
    fi
    git clone --quiet --no-hardlinks "$source" "$root$home/gatepost" && chroot "$root" chown -R "$user:" "$home" &&
        mkdir -p "$root$home/shared/suites"
}

# What is done in a mount and PID namespace of its own: with its first process all others end, and the mounts go.
inside='
set -e
root=$1 home=$2 suites=$3 ccache=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${number%:*}" "$root/dev/${number#*:}"; done
[ -z "$suites" ] || mount -o bind,ro "$suites" "$root$home/shared/suites"
if [ -n "$ccache" ]; then
    mkdir -p "$root$home/.cache/ccache"
    mount --bind "$ccache" "$root$home/.cache/ccache"
fi
mkdir -p "$root/.outside"
cd "$root"
pivot_root . .outside
umount -l .outside
rmdir .outside
"$@"
'

# in_root COMMAND...: by root, in the root; in a process group of its own, which goes when this script is ended.
in_root() {
    set -m
    unshare --mount --pid --fork --kill-child bash -c "$inside" fresh "$root" "$home" "$suites" "$ccache" "$@" </dev/null &
    group=$!
    set +m
    wait "$group"
}

# The environment of somebody who has just logged in, and what the network needs.
environment() {
    local name path=/usr/local/bin:/usr/bin:/bin
    [ "$user" = root ] && path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    printf '%s\0' "HOME=$home" "USER=$user" "LOGNAME=$user" "SHELL=/bin/bash" "PATH=$path" "TERM=${TERM:-dumb}"
    [ -e "$root/etc/ssl/fresh-ca.pem" ] && printf '%s\0' NODE_EXTRA_CA_CERTS=/etc/ssl/fresh-ca.pem
    for name in JOBS CI GATEPOST_SEED http_proxy https_proxy no_proxy npm_config_registry; do
        [ -n "${!name:-}" ] && printf '%s\0' "$name=${!name}"
    done
}

[ "$(id -u)" = 0 ] || impossible "it takes root"
unshare --mount --pid --fork --mount-proc true 2>/dev/null || impossible "this machine allows no mounts"
mkdir -p "$place"
[ -e "$bare" ] || make_bare

user=root home=
[ -n "${FRESH_USER:-}" ] && user=somebody
suites=$(readlink -e "${GATEPOST_SUITES:-}")
ccache=$(readlink -e "${FRESH_CCACHE:-}")
root=$(mktemp -d "$place/root.XXXXXX")
group=
trap 'rm -rf --one-file-system "$root"' EXIT
trap '[ -z "$group" ] || kill -KILL -- "-$group"; exit 130' INT TERM HUP
tar -C "$root" -xpf "$bare" || impossible "$bare cannot be unpacked"
prepare "$root" || impossible "the root could not be prepared"
if [ "$user" != root ]; then
    in_root sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install sudo &&
        echo "$0 ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/fresh' "$user" >"$place/sudo.log" 2>&1 ||
        impossible "sudo could not be installed ($place/sudo.log)"
fi
mapfile -d '' -t variables < <(environment)

# dev ARG...: in the root, by the user.
dev() {
    in_root env -i "${variables[@]}" setpriv --reuid="$user" --regid="$user" --init-groups \
        sh -c 'cd "$0/gatepost" && exec ./dev "$@"' "$home" "$@"
}

say "./dev test $* in a fresh ${system^} $version, as $user in $home/gatepost"
dev fetch || impossible "its packages could not be fetched"
dev test "$@"
status=$?
rm -rf "$place/$system$version"
mkdir -p "$place/$system$version"
cp -r "$root$home/gatepost/build/results" "$root$home"/gatepost/build/*.log "$place/$system$version" 2>/dev/null
[ $status = 75 ] && status=1 # that one is ours
exit $status
