//! The words of Portuguese headers: what they mean, then the words.

pub(super) const WORDS: &[(&str, &str)] = &[
    ("security", "seguranca"),
    ("tax", "imposto"),
    ("taxid", "cpf cnpj"),
    ("national id", "rg"),
    ("license", "cnh"),
    ("passport", "passaporte"),
    ("card", "cartao"),
    ("expiry", "vencimento validade"),
    ("question", "pergunta"),
    ("account", "conta"),
    ("password", "senha"),
    ("secret", "segredo"),
    ("key", "chave"),
    ("phone", "telefone telemovel fone"),
    ("extension", "ramal"),
    ("address", "endereco morada logradouro"),
    ("street", "rua"),
    ("city", "cidade bairro localidade"),
    ("state", "uf"),
    ("region", "distrito concelho freguesia regiao"),
    ("zip", "cep"),
    ("name", "nome nomes"),
    ("first", "primeiro"),
    (
        "person",
        "pessoa contato aluno professor atendente consultor consultora coordenador \
         coordenadora diretor diretora professora treinador jogador motorista condutor ator \
         atriz cantor criador aprovador responsavel encarregado reu vitima testemunha suspeito \
         servidor servidora advogado juiz prefeito deputado deputada vereador tesoureiro mae \
         pai filho filha filhos conjuge irmao irma doador herdeiro remetente signatario \
         palestrante respondente morador cidadao eleitor locatario proprietario dono avalista \
         devedor credor trabalhador trabalhadora estudante estudantes alunos alunas doutor \
         enfermeiro corretor chefe pessoas favorecido favorecida contratada emitente",
    ),
    ("surname", "sobrenome apelido"),
    ("birth", "nascimento nasc"),
    (
        "trait",
        "idade raca profissao religiao nacionalidade renda escolaridade ocupacao cor etnia \
         divida sangue tratamento vacina vacinas cirurgia doenca doencas fumante tabagismo \
         gravidez gestante igreja orientacao condenacao pena visto imigrante pensao \
         aposentadoria beneficio obito falecido morte remuneracao vencimentos ordenado pcd \
         deficiencia boletim faltas convenio dependente trabalho naturalidade presenca",
    ),
    ("note", "nota observacoes observacao mensagem"),
    ("description", "descricao"),
    (
        "party",
        "fornecedor membro produtor produtora contratado transportador locador franqueado \
         seguradora editora parceiro clientes associado",
    ),
    (
        "thing",
        "fatura pagamento venda apolice orcamento boleto fiscal cupom caixa palete conteiner \
         rolo frota corredor prateleira secao doca portao carteira fundo lancamento divisao \
         setor escritorio torneio rodada licao exame prova palestra faculdade universidade \
         instituicao escola orgao entidade processo lei projeto emenda mocao chamado tarefa \
         tarefas marco risco arquivo pasta linha coluna planilha solicitacao ordem remessa \
         romaneio comprovante cobranca vendas licitacao oportunidade campanha pesquisa eleicao \
         terreno rota viagem voo trajeto medidor rubrica plano pedidos itens transacao \
         transacoes transportadora midia publicidade reclamacao duplicata mandato legislatura \
         comissao sessao parecer ata assunto nfe nf cfop ncm cst cest lancto estabelecimento \
         empenho elemento acao subfuncao recurso adjudicacao danfe granja talhao silo polo \
         contratos",
    ),
    ("period", "semestre quadrimestre exercicio competencia"),
    ("date", "data"),
    ("event date", "desde"),
    (
        "event",
        "admissao fim criado criacao cadastro atualizado acesso atualizacao modificacao \
         emissao recebimento recebido saida chegada abertura fechamento encerramento vencto \
         pagto quitacao publicacao instalacao manutencao reparo revisao inspecao agendamento \
         contratacao nomeacao exoneracao demissao retirada devolucao cancelamento anulacao \
         aprovacao rejeicao atribuicao resolvido previsao aquisicao expedicao adesao \
         assinatura filiacao prometida evento homologacao autorizacao",
    ),
    (
        "amount",
        "valor quantidade desconto quilometragem duracao qtde qtd custos vl vlr vr val valores \
         liquido impostos taxa tx aliquota percentual porcentagem perc margem ganho perda \
         lucro prejuizo juros multa acrescimo frete largura comprimento profundidade espessura \
         litro quilos pecas producao capacidade rendimento disponibilidade velocidade \
         quilometros tempo prazo atraso cliques impressoes visualizacoes sessoes populacao \
         domicilios nascimentos obitos investimento orcado executado empenhado liquidado \
         receita receitas faturamento arrecadacao meta metas fator desvio variancia diferenca \
         variacao crescimento precipitacao umidade gols vitorias derrotas empates vagas \
         lugares assentos qt cambio spread brl parcelas empenhada liquidada paga repasse \
         repasses subvencao arrecadado produzido totais unitarios faturado atrasos precisao \
         acuracia cumprimento avanco execucao atribuido atribuida atribuidos financiamento \
         efetividade produtividade rotatividade cavalos portas quartos banheiros metragem \
         chuva vento vazao condutividade leitos poltronas cancelada cancelado devolvida \
         devolvido recebida recebidas pedida pedidas entregue entregues mrr",
    ),
    (
        "type",
        "prioridade classificacao apresentacao acabamento qualidade versao colecao modalidade \
         opcao especialidade dificuldade tamanho tecido combustivel transmissao meio fonte \
         periodicidade frequencia bandeira perfil armazenamento denominacao vinculo lotacao \
         funcao esfera poder naturezajuridica cnae faixa criticidade",
    ),
    (
        "flag",
        "ativo fl ativa disponivel esgotado visivel destaque faturavel perecivel obrigatorio \
         padrao flg presencial",
    ),
    ("currency", "moeda"),
    ("amount ware", "preco estoque custo"),
    ("body", "altura"),
    ("care", "internacao"),
    (
        "either",
        "pontuacao avaliacao satisfacao desempenho despesa despesas pontos pressao tensao \
         oxigenio inadimplencia absenteismo",
    ),
    (
        "link",
        "do da dos em nas com sem uma ao outro outros geral novo nova atual correspondente as \
         os na nos",
    ),
    ("party staff", "funcionario"),
    (
        "period amount",
        "janeiro fevereiro maio junho julho setembro outubro novembro dezembro segunda terca \
         quarta quinta sexta fev",
    ),
    ("period monthly", "mensal"),
    (
        "thing good",
        "produto artigo mercadoria peca filme livro musica jogo prato ferramenta equipamento \
         veiculo carro caminhao movel servico cultura",
    ),
    ("thing named", "loja disciplina imovel armazem filial predio estacao quarto agencia"),
    ("thing type", "unidade"),
    ("type state", "situacao"),
    ("type ware", "embalagem"),
    ("vague", "condicao procedencia razao detalhe conclusao origem classe"),
];
