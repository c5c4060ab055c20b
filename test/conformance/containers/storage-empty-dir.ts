import type { ContainerGround } from '../support/container-ground.ts'
import type { Behave, Table } from '../support/suite.ts'
import { shows } from './volumes.ts'

const media = { default: {}, tmpfs: { medium: 'Memory' } }
const users = { root: 0, 'non-root': 1001 }
const permissions = { '0644': '-rw-r--r--', '0666': '-rw-rw-rw-', '0777': '-rwxrwxrwx' }

/** The file system's type tells memory from disk. */
const type = "grep ' /test-volume ' /proc/mounts | grep -c '^tmpfs '"
const isMemory = (medium: string): string => (medium === 'tmpfs' ? '1' : '0')

/** A memory file system's own mode has a sticky bit, which upstream's leaves there. */
const isolated = (medium: keyof typeof media): Behave<ContainerGround> =>
  shows({
    mounts: { '/test-volume': { emptyDir: media[medium] } },
    script: `${type}; stat -c %A /test-volume; ls /test-volume`,
    says: `${isMemory(medium)}\ndrwxrwxrw${medium === 'tmpfs' ? 't' : 'x'}\n`,
  })

/** A file of each mode, by each user, on each medium. */
const files = Object.fromEntries(
  (['default', 'tmpfs'] as const).flatMap((medium) =>
    Object.entries(users).flatMap(([user, runAsUser]) =>
      Object.entries(permissions).map(([mode, shown]) => [
        `[sig-storage] EmptyDir volumes should support (${user},${mode},${medium}) [LinuxOnly] [NodeConformance]`,
        shows({
          mounts: { '/test-volume': { emptyDir: media[medium] } },
          script: `${type}; cd /test-volume; echo new > f; chmod ${mode} f; stat -c '%A %u' f; cat f`,
          securityContext: { runAsUser },
          says: `${isMemory(medium)}\n${shown} ${runAsUser}\nnew\n`,
        }),
      ]),
    ),
  ),
)

/** Empty directories, on disk and in memory. */
export const storageEmptyDir: Table<ContainerGround> = {
  ...files,
  '[sig-storage] EmptyDir volumes volume on default medium should have the correct mode [LinuxOnly] [NodeConformance]':
    isolated('default'),
  '[sig-storage] EmptyDir volumes volume on tmpfs should have the correct mode [LinuxOnly] [NodeConformance]':
    isolated('tmpfs'),
}
