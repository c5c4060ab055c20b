/** Whether it comes from the operating system: Node adds which call failed, and on what. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly port?: number } {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

/** What went wrong in words for whoever typed the command, without the names of system calls where it can be. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!isSystemError(error)) return error.message
  const { code, syscall, path, port } = error
  if (syscall === 'listen' && port !== undefined) {
    if (code === 'EADDRINUSE') return `port ${port} is in use already: choose another one with --api-port`
    if (code === 'EACCES')
      return `no permission to listen on port ${port}: choose another one with --api-port`
  }
  if (code === 'ENOSPC') return `no space is left on the disk${path === undefined ? '' : ` for ${path}`}`
  if (path === undefined) return error.message
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `no permission for ${path}`
    case 'EEXIST':
    case 'ENOTDIR':
      return `${path} is not a folder, or lies in something that is not`
    case 'EROFS':
      return `${path} is on a file system that is read-only`
    default:
      return error.message
  }
}
