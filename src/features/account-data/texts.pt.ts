export const accountData = {
  'data.title': 'Os meus dados',
  'data.text':
    'A cópia tem tudo o que aqui se sabe de si: a conta, as listas, o que mudou nelas e as sessões. Não leva a palavra-passe.',
  'data.copy': 'Transferir uma cópia (JSON)',
  'data.pictures': 'Transferir as fotografias (ZIP)',
  'data.leave': 'Apagar a conta',
  'leave.title': 'Apagar a conta?',
  'leave.text': {
    one: 'Apaga-se a conta {email}: as listas com {count} artigo, o histórico delas e as sessões em todos os aparelhos.',
    other:
      'Apaga-se a conta {email}: as listas com {count} artigos, o histórico delas e as sessões em todos os aparelhos.'
  },
  'leave.forever': 'Não se pode desfazer, e quem gere este servidor também não o consegue.',
  'leave.copy': 'Antes disso, pode transferir uma cópia de tudo (JSON)',
  'leave.submit': 'Apagar a conta para sempre',
  'leave.stay': 'Ficar com a conta',
  'flash.accountDeleted': 'A conta foi apagada, com tudo o que tinha.'
} as const
