import { formatIp, parseIp } from '../apimachinery/ip-address.ts'

/** The address in a pod's label (`10-244-0-5`, `fd00--5`); undefined where there is none. */
export function podAddress(label: string): string | undefined {
  const ipv4 = /^\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}$/.test(label)
  const ip = parseIp(label.replaceAll('-', ipv4 ? '.' : ':'))
  return ip === undefined ? undefined : formatIp(ip)
}
