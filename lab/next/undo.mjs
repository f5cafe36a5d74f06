// node undo.mjs contract | all: takes the next release's migrations back, so that the one before can be rolled out again.
// A lab can do so, as it knows that nothing was written there; a product goes forward.

const steps = {
  contract: ['delete from schema_migrations where version = 9002'],
  all: [
    'alter table compras drop column if exists next_mark',
    'delete from schema_migrations where version in (9001, 9002)'
  ]
}[process.argv[2]]
const url = process.env.DB_HOST

if (url.startsWith('mysql')) {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection(url)
  for (const step of steps) await connection.query(step)
  await connection.end()
} else {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const step of steps) await client.query(step)
  await client.end()
}
