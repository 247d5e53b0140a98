import type { Place } from './place.ts';

/** In a mount namespace of its own, so that what is mounted is gone with the command. */
const MOUNTS = ['--mount', '--propagation', 'private'];

export const HARDEST: Place = {
  where:
    'as root below a folder that no other user enters, in a path with a space and an umlaut, under umask 077',
  namespaces: MOUNTS,
  prepare: `
umask 077
mkdir -p "$FOLDER/root/Mein Gerät"
mount --bind "$CHECKOUT" "$FOLDER/root/Mein Gerät"
cd "$FOLDER/root/Mein Gerät"
# What is compiled is kept by its path, which is another each time.
mkdir -p node_modules/.cache
mount -t tmpfs none node_modules/.cache`,
};

export const ORDINARY_USER: Place = {
  where: 'as an ordinary user',
  // Root owns the checkout; in a user namespace its owner is a user without any rights of root's.
  ...(process.getuid?.() === 0 && { namespaces: ['--user', '--map-user=1000', '--map-group=1000'] }),
  prepare: `test "$(id -u)" != 0; cd "$CHECKOUT"`,
};

const LITTLE = `
mkdir -m 700 "$TMPDIR"
mkdir "$FOLDER/bin"
IFS=:
# The first of a name wins, as on PATH; the others exist already, of which ln complains.
for folder in $PATH; do ln -s "$folder"/* "$FOLDER/bin" 2>/dev/null || true; done
unset IFS
rm -f "$FOLDER/bin/curl"
PATH=$FOLDER/bin
! command -v curl
cd "$CHECKOUT"`;

export const WITH_LITTLE: Place = {
  where: 'without curl, with a TMPDIR of one’s own that no other user enters',
  prepare: LITTLE,
  env: (folder) => ({ TMPDIR: `${folder}/tmp/für mich` }),
};

export const WITH_LEAST: Place = {
  where: `${WITH_LITTLE.where} and a home that can’t be written to`,
  ...(process.getuid?.() === 0 && { namespaces: MOUNTS }),
  prepare: `
mkdir "$HOME"
chmod 555 "$HOME"
if [ "$(id -u)" = 0 ]; then
  mount --bind "$HOME" "$HOME"
  mount -o remount,bind,ro "$HOME"
fi
! touch "$HOME/file" 2>/dev/null
${LITTLE}`,
  env: (folder) => ({ ...WITH_LITTLE.env?.(folder), HOME: `${folder}/home` }),
};

export const WITHOUT_IPV6: Place = {
  where: 'without IPv6',
  namespaces: ['--net'],
  prepare: `
ip link set lo up
for name in all default lo; do
  file=/proc/sys/net/ipv6/conf/$name/disable_ipv6
  [ ! -e "$file" ] || echo 1 >"$file"
done
[ ! -s /proc/net/if_inet6 ]
cd "$CHECKOUT"`,
};

export const HERE: Place = { where: 'here' };
