export const home = {
  'index.title': 'A lista de compras que não se perde',
  'index.text':
    'Escreva em casa, risque na loja. Nada se perde nem se repete, mesmo com pouca rede ou quando um servidor vai abaixo.',
  'index.start': 'Criar conta',
  'index.login': 'Já tenho conta',
  'index.hello': 'Olá, {name}.',
  'index.list': 'Abrir a minha lista',
  'index.sample.1': 'Pão de Mafra',
  'index.sample.1.shop': 'Padaria',
  'index.sample.2': 'Ovos',
  'index.sample.2.shop': 'Mercado',
  'index.sample.3': 'Azeite',
  'index.sample.3.shop': 'Mercearia'
} as const
