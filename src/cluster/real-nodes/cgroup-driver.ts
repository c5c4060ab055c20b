import { existsSync } from 'node:fs'

/** Where systemd runs the machine, groups are its to make. */
export const cgroupDriver = (): 'systemd' | 'cgroupfs' =>
  existsSync('/run/systemd/system') ? 'systemd' : 'cgroupfs'
