export const pictures = {
  'pictures.title': 'Fotografias de «{type}»',
  'pictures.link': 'Fotografias',
  'pictures.add': 'Juntar uma fotografia',
  'pictures.count': { one: '{count} fotografia', other: '{count} fotografias' },
  'pictures.alt': 'Fotografia {n} de «{type}»',
  'pictures.remove': 'Tirar a fotografia {n}',
  'pictures.none': 'Ainda não há nenhuma. Mostre qual é: este iogurte, e não o outro.',
  'pictures.back': 'Voltar ao artigo',
  'pictures.enough': 'Este artigo tem {max} fotografias, que é o máximo. Tire uma para juntar outra.',
  'pictures.off': 'Este site não guarda fotografias: quem o instalou não disse onde. A lista funciona sem elas.',
  'pictures.away':
    'As fotografias não estão disponíveis agora: a pasta onde se guardam não responde. A lista funciona sem elas; tente daqui a pouco.',
  'pictures.full': 'Não há espaço para guardar mais fotografias neste site. Nada foi guardado.',
  'picture.label': 'Fotografia',
  'picture.hint':
    'Tirada agora ou escolhida, até {max} MB. Guarda-se mais pequena, sem o sítio nem a hora em que foi tirada.',
  'picture.send': 'Juntar',
  'picture.again': 'O navegador não guardou a fotografia: escolha-a outra vez.',
  'picture.none': 'Escolha uma fotografia, ou tire uma.',
  'picture.tooLarge': 'A fotografia tem mais de {max} MB. Escolha uma mais pequena.',
  'picture.kind': 'Isto não é uma fotografia que se possa guardar. Servem JPEG, PNG e WebP.',
  'picture.heic':
    'Esta fotografia está em HEIC, que aqui não se lê. Envie-a em JPEG (no iPhone: Câmara, Formatos, Mais compatível).',
  'picture.broken': 'A fotografia está estragada, ou não chegou toda. Envie-a outra vez, ou escolha outra.',
  'picture.pixels': 'A fotografia tem mais de 20 milhões de pontos. Escolha uma mais pequena.',
  'picture.tooMany': 'Este artigo já tem {max} fotografias, que é o máximo. Tire uma para juntar outra.',
  'picture.accountFull':
    'A sua conta já tem 500 fotografias, que é o máximo. As que tirou contam ainda durante um mês, para se poder anular.',
  'picture.busy': 'Há muitas fotografias a chegar ao mesmo tempo. Espere uns segundos e envie outra vez.',
  'picture.reused':
    'Este formulário já tinha sido enviado com outra fotografia. Envie outra vez para juntar também esta.',
  'picture.js.shrinking': 'A preparar a fotografia…',
  'picture.js.sending': 'A enviar…',
  'picture.js.retrying': 'Sem resposta. A fotografia está aqui, a tentar outra vez…',
  'picture.js.gaveUp': 'Continua sem resposta. A fotografia está aqui e não se junta duas vezes: tente outra vez.',
  'flash.pictureAdded': 'A fotografia está guardada.',
  'flash.pictureThere': 'Essa fotografia já lá estava.',
  'flash.pictureRemoved': 'A fotografia saiu do artigo.',
  'flash.pictureGone': 'Essa fotografia já não estava no artigo.',
  'picturesAway.title': 'As fotografias não estão disponíveis',
  'picturesAway.text': 'A pasta onde se guardam não responde. A lista funciona sem elas; tente daqui a pouco.'
} as const
