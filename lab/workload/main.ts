// The workload: customers and a probe. Runs inside the lab's network, writes one JSON line per request to standard output,
// says {"ready":true} when every customer has signed in, and ends when its standard input does.

import { Customer } from './customer.ts'
import type { Line, WorkloadOptions } from './history.ts'
import { Probe } from './probe.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as WorkloadOptions
const ending = new AbortController()
const write = (line: Line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

process.stdin.resume()
process.stdin.on('end', () => ending.abort())
process.stdin.on('error', () => ending.abort())

const customers = Array.from({ length: options.customers }, (_, index) => Customer.open(index, options, write))
const tabs = customers.flat()
// Hashing a password takes the servers tens of milliseconds: one at a time.
for (const [first] of customers) await first?.signUp()
const probe = new Probe(options, write)
await probe.signUp()
process.stdout.write('{"ready":true}\n')

await Promise.all([probe.look(ending.signal), ...tabs.map(tab => tab.shop(ending.signal))])
for (const [first] of customers) await first?.readFinalList()
