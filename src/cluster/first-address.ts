/** The first address of a network: where the `kubernetes` Service is. */
export function firstAddress(cidr: string): string {
  const [network = ''] = cidr.split('/')
  const bytes = network.split('.').map(Number)
  return [...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.')
}
