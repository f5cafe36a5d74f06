import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readEnvFile } from '../../lab/lab.ts'
import { isHost, OCTETS } from '../../lab/network.ts'
import { scenarios } from '../../lab/scenarios/index.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

test('plain `docker compose up` starts scenario 04', () => {
  assert.equal(readFileSync(path('.env'), 'utf8'), readFileSync(path('lab/scenarios/04.env'), 'utf8'))
})

test('every scenario’s file carries its number and names only hosts that there are', () => {
  for (const { number } of scenarios) {
    const variables = readEnvFile(path(`lab/scenarios/${number}.env`))
    assert.equal(variables.SCENARIO, number)
    const hosts = variables.COMPOSE_PROFILES?.split(',') ?? []
    assert.deepEqual(
      hosts.filter(host => !isHost(host) && host !== 'migrate' && host !== 'deploy'),
      []
    )
    assert.ok(hosts.includes('client') && hosts.includes('migrate'))
  }
})

test('the compose file gives each host the address that the runner knows', () => {
  const compose = readFileSync(path('docker-compose.yml'), 'utf8')
  for (const [host, octet] of Object.entries(OCTETS)) {
    const service = compose.slice(compose.indexOf(`\n  ${host}:\n`))
    const address = /ipv4_address: "\$\{LAB_NET:-172\.30\.1\}\.(\d+)"/.exec(service)?.[1]
    assert.equal(Number(address), octet, host)
  }
})

test('hosts of one kind have one image, and one of them, there wherever the others are, builds it', () => {
  const compose = readFileSync(path('docker-compose.yml'), 'utf8')
  const [kinds = '', services = ''] = compose.split('\nservices:\n')
  const imageOfKind = new Map<string, string>()
  for (const [block, kind] of kinds.matchAll(/^x-[\w-]+: &([\w-]+)\n(?: .*\n)+/gm)) {
    const image = /^ {2}image: (\S+)$/m.exec(block)?.[1]
    if (image) imageOfKind.set(kind as string, image)
  }
  const imageOf = new Map<string, string>()
  const builders = new Map<string, string[]>()
  for (const [block, host] of (services.split('\nnetworks:\n')[0] as string).matchAll(/^ {2}(\w+):\n(?: {4}.*\n)+/gm)) {
    const kind = /<<: \*([\w-]+)$/m.exec(block)?.[1] as string
    const image = /^ {4}image: (\S+)$/m.exec(block)?.[1] ?? imageOfKind.get(kind)
    assert.ok(image, `${host} has an image`)
    imageOf.set(host as string, image)
    if (/^ {4}build:/m.test(block)) builders.set(image, [...(builders.get(image) ?? []), host as string])
  }
  assert.ok(Object.keys(OCTETS).every(host => imageOf.has(host)))
  assert.ok(!/^ {2}build:/m.test(kinds), 'no kind builds for each of its hosts')
  for (const [image, hosts] of builders) assert.equal(hosts.length, 1, image)
  for (const { number } of scenarios) {
    const variables = readEnvFile(path(`lab/scenarios/${number}.env`))
    const hosts = variables.COMPOSE_PROFILES?.split(',') ?? []
    for (const host of hosts) {
      const image = (imageOf.get(host) as string).replace(
        /\$\{(\w+):-([^}]*)\}/g,
        (_, name, usual) => variables[name] ?? usual
      )
      const [builder] = builders.get(image) ?? []
      assert.ok(hosts.includes(builder as string), `${number}: ${builder} builds the image of ${host}, ${image}`)
    }
  }
})

test('the lab’s databases are made for all text, whatever locale their hosts have', () => {
  const postgres = readFileSync(path('lab/images/postgres/entrypoint.sh'), 'utf8')
  assert.match(postgres, /\binitdb .*--encoding UTF8\b/)
  const mariadb = readFileSync(path('lab/images/mariadb/entrypoint.sh'), 'utf8')
  assert.match(mariadb, /create database \S+ character set utf8mb4\b/)
})
