import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Host } from '../../base/host.ts'
import type { CertificateFiles, PairFiles } from '../access/follow-certificates.ts'
import {
  type CertificateOptions,
  createAuthority,
  generateKey,
  issueCertificate,
  type KeyPair,
  privateKeyPem,
  type Subject,
} from './certificate.ts'
import { KeyFiles, PkiError } from './key-files.ts'

export interface PkiOptions {
  readonly host: Host
  /** Names and addresses under which the API server is reached, beside the standard ones. */
  readonly serverNames: readonly string[]
  /** The first address of the service range, `kubernetes.default`'s. */
  readonly serviceAddress: string
  /** `cluster.local` */
  readonly clusterDomain: string
}

/** The key pair that signs and checks service-account tokens. */
export interface SigningKey {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

/**
 * A cluster's keys and certificates, in kubeadm's file names
 * (https://kubernetes.io/docs/setup/best-practices/certificates/).
 */
export interface Pki {
  readonly directory: string
  /** Where what the API server shows and believes is kept. */
  readonly serverFiles: Required<Omit<CertificateFiles, 'named'>>
  readonly ca: KeyPair
  readonly frontProxyCa: KeyPair
  /** What the API server shows to extension API servers. */
  readonly frontProxyClient: KeyPair
  readonly apiServer: KeyPair
  /** What the API server shows to kubelets. */
  readonly kubeletClient: KeyPair
  readonly serviceAccount: SigningKey
  /** A client's certificate, kept under `name`; its organizations are the user's groups. */
  client(name: string, subject: Subject): KeyPair
  /** A node's client certificate: user `system:node:<name>` in `system:nodes`. */
  nodeClient(name: string): KeyPair
  /** A kubelet's serving certificate. */
  nodeServing(name: string, addresses: readonly string[]): KeyPair
  /** Issues those anew that have less than 90 days left, of all that have been asked for. Gives the names of those that are others now, whoever has issued them. */
  renew(): readonly string[]
}

/** The users of the control plane's own parts and the administrator. */
export const componentSubjects = {
  admin: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
  'controller-manager': { commonName: 'system:kube-controller-manager' },
  scheduler: { commonName: 'system:kube-scheduler' },
  'kube-proxy': { commonName: 'system:kube-proxy', organizations: ['system:node-proxier'] },
  'network-policy': { commonName: 'system:network-policy' },
  coredns: { commonName: 'system:coredns' },
} as const satisfies Record<string, Subject>

const dayMs = 24 * 60 * 60 * 1000
/** kubeadm's. */
const authorityLifeMs = 3650 * dayMs
const leafLifeMs = 365 * dayMs
/** A certificate with less than this left is replaced at the next start. */
const renewBeforeMs = 90 * dayMs
/** For clients whose clock is behind. */
const backdatedMs = 5 * 60 * 1000

/** From when to when a certificate that is issued now is good. */
export const leafLife = (nowMs: number): Pick<CertificateOptions, 'notBeforeMs' | 'notAfterMs'> => ({
  notBeforeMs: nowMs - backdatedMs,
  notAfterMs: nowMs + leafLifeMs,
})

type LeafOptions = Omit<CertificateOptions, 'notBeforeMs' | 'notAfterMs'>

interface Leaf {
  readonly authority: KeyPair
  readonly options: LeafOptions
  readonly certificatePem: string
}

/** Names and addresses that a certificate serves. */
export function altNames(certificate: X509Certificate): readonly string[] {
  const text = certificate.subjectAltName ?? ''
  return text === '' ? [] : text.split(', ').map((entry) => entry.replace(/^(DNS|IP Address):/, ''))
}

/** Node prints an IPv6 address with leading zeros dropped in each group, upper case. */
const canonicalName = (name: string): string =>
  name.includes(':') ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name

const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  [...new Set(left.map(canonicalName))].sort().join() === [...new Set(right.map(canonicalName))].sort().join()

const subjectText = (subject: Subject): string =>
  [...(subject.organizations ?? []).map((name) => `O=${name}`), `CN=${subject.commonName}`].join('\n')

/** Whether a stored pair is what would be issued now. */
function stillGood(pair: KeyPair, authority: X509Certificate, options: LeafOptions, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(pair.certificatePem)
    return (
      Date.parse(certificate.validTo) - nowMs > renewBeforeMs &&
      Date.parse(certificate.validFrom) <= nowMs &&
      certificate.subject === subjectText(options.subject) &&
      sameNames(altNames(certificate), options.names ?? []) &&
      certificate.checkPrivateKey(createPrivateKey(pair.keyPem)) &&
      certificate.verify(authority.publicKey)
    )
  } catch {
    return false
  }
}

/** Whether a certificate is of a key beside it. True where one of them is missing. */
function isPair(certificatePem: string | undefined, keyPem: string | undefined): boolean {
  if (certificatePem === undefined || keyPem === undefined) return true
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))
}

class FilePki implements Pki {
  readonly directory: string
  readonly ca: KeyPair
  readonly frontProxyCa: KeyPair
  readonly frontProxyClient: KeyPair
  readonly apiServer: KeyPair
  readonly kubeletClient: KeyPair
  readonly serviceAccount: SigningKey
  /** What has been issued in this process, by name. */
  readonly #leaves = new Map<string, Leaf>()
  readonly #files: KeyFiles
  readonly #host: Host

  constructor(directory: string, options: PkiOptions) {
    this.#files = new KeyFiles(directory)
    this.#host = options.host
    this.directory = directory
    this.ca = this.#authority('ca', 'kubernetes')
    this.frontProxyCa = this.#authority('front-proxy-ca', 'front-proxy-ca')
    this.serviceAccount = this.#signingKey()
    this.apiServer = this.#leaf('apiserver', this.ca, {
      subject: { commonName: 'kube-apiserver' },
      usages: ['server'],
      names: serverNames(options),
    })
    this.kubeletClient = this.client('apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
    })
    this.frontProxyClient = this.#leaf('front-proxy-client', this.frontProxyCa, {
      subject: { commonName: 'front-proxy-client' },
      usages: ['client'],
    })
  }

  get serverFiles(): Pki['serverFiles'] {
    const path = (name: string): string => this.#files.path(name)
    const pair = (name: string): PairFiles => ({ certificate: path(`${name}.crt`), key: path(`${name}.key`) })
    return {
      serving: pair('apiserver'),
      client: path('ca.crt'),
      frontProxy: path('front-proxy-ca.crt'),
      kubeletClient: pair('apiserver-kubelet-client'),
      frontProxyClient: pair('front-proxy-client'),
    }
  }

  client(name: string, subject: Subject): KeyPair {
    return this.#leaf(name, this.ca, { subject, usages: ['client'] })
  }

  nodeClient(name: string): KeyPair {
    return this.client(`nodes/${name}-client`, nodeSubject(name))
  }

  nodeServing(name: string, addresses: readonly string[]): KeyPair {
    return this.#leaf(`nodes/${name}-serving`, this.ca, {
      subject: nodeSubject(name),
      usages: ['server'],
      names: [...new Set([name, ...addresses])],
    })
  }

  #authority(name: string, commonName: string): KeyPair {
    const certificatePem = this.#files.read(`${name}.crt`)
    const keyPem = this.#files.read(`${name}.key`)
    if (certificatePem !== undefined && keyPem !== undefined) {
      this.#checkAuthority(name, { certificatePem, keyPem })
      return { certificatePem, keyPem }
    }
    if (certificatePem !== undefined) {
      const missing = this.#files.path(`${name}.key`)
      throw new PkiError(`${missing} is missing: put it back, or remove ${name}.crt to make a new authority`)
    }
    const nowMs = this.#host.now()
    // A key alone is what a kill in the middle of the first start leaves; what it may have signed stays good.
    const pair = createAuthority(
      keyPem === undefined ? generateKey() : this.#parseKey(`${name}.key`, keyPem),
      {
        subject: { commonName },
        notBeforeMs: nowMs - backdatedMs,
        notAfterMs: nowMs + authorityLifeMs,
      },
    )
    this.#store(name, pair)
    return pair
  }

  #parseKey(name: string, pem: string): KeyObject {
    try {
      return createPrivateKey(pem)
    } catch (error) {
      throw new PkiError(`${this.#files.path(name)} cannot be read: ${String(error)}`)
    }
  }

  #checkAuthority(name: string, pair: KeyPair): void {
    const path = this.#files.path(`${name}.crt`)
    let fits: boolean
    try {
      fits = new X509Certificate(pair.certificatePem).checkPrivateKey(createPrivateKey(pair.keyPem))
    } catch (error) {
      throw new PkiError(`${path} or its key cannot be read: ${String(error)}`)
    }
    if (!fits) throw new PkiError(`${path} does not belong to the key beside it`)
  }

  renew(): readonly string[] {
    return [...this.#leaves].flatMap(([name, { authority, options, certificatePem }]) => {
      // Somebody else is writing a new one: it is there at the next look.
      if (!isPair(this.#files.read(`${name}.crt`), this.#files.read(`${name}.key`))) return []
      const now = this.#leaf(name, authority, options)
      return now.certificatePem === certificatePem ? [] : [name]
    })
  }

  #leaf(name: string, authority: KeyPair, options: LeafOptions): KeyPair {
    const pair = this.#issued(name, authority, options)
    this.#leaves.set(name, { authority, options, certificatePem: pair.certificatePem })
    return pair
  }

  #issued(name: string, authority: KeyPair, options: LeafOptions): KeyPair {
    const certificatePem = this.#files.read(`${name}.crt`)
    const keyPem = this.#files.read(`${name}.key`)
    const nowMs = this.#host.now()
    if (certificatePem !== undefined && keyPem !== undefined) {
      const stored = { certificatePem, keyPem }
      if (stillGood(stored, new X509Certificate(authority.certificatePem), options, nowMs)) return stored
    }
    const pair = issueCertificate(authority, {
      ...options,
      ...leafLife(nowMs),
    })
    this.#store(name, pair)
    return pair
  }

  #store(name: string, pair: KeyPair): void {
    this.#files.write(`${name}.key`, pair.keyPem)
    this.#files.write(`${name}.crt`, pair.certificatePem)
  }

  #signingKey(): SigningKey {
    const stored = this.#files.read('sa.key')
    const privateKey = stored ?? privateKeyPem(generateKey())
    if (stored === undefined) this.#files.write('sa.key', privateKey)
    const publicKey = createPublicKey(this.#parseKey('sa.key', privateKey))
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    if (this.#files.read('sa.pub') !== publicPem) this.#files.write('sa.pub', publicPem)
    return { privateKeyPem: privateKey, publicKeyPem: publicPem }
  }
}

const nodeSubject = (name: string): Subject => ({
  commonName: `system:node:${name}`,
  organizations: ['system:nodes'],
})

/** kubeadm's names of an API server's certificate, and the caller's. */
function serverNames(options: PkiOptions): readonly string[] {
  return [
    ...new Set([
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${options.clusterDomain}`,
      'localhost',
      '127.0.0.1',
      '::1',
      options.serviceAddress,
      ...options.serverNames,
    ]),
  ]
}

/**
 * The keys and certificates below `directory` (mode 0700, keys 0600), made where they are missing. Leaf
 * certificates that expire within 90 days, or that were made for other names, are issued anew; authorities and
 * the service-account key never change by themselves. Throws PkiError for files that cannot be used.
 */
export async function ensurePki(directory: string, options: PkiOptions): Promise<Pki> {
  return new FilePki(directory, options)
}
