//! The words of headers and what they mean, a table by language.
//!
//! Words stand without accents and in lower case. A word may mean several things at once
//! (`taxid`). It is the only place that knows how a thing is called; what words mean together is
//! said by the rules in `words`. A word that is not here says nothing.

/// What words mean; then the words in English, Spanish, French, German and Portuguese.
pub(super) const WORDS: &[(&str, [&str; 5])] = &[
    // Government numbers.
    ("ssn", ["ssn ss", "", "", "svnr", ""]),
    ("social security", ["socsec", "", "", "sozialversicherungs sozialversicherung", ""]),
    ("social", ["soc social", "", "sociale", "sozial", ""]),
    ("security", ["sec security verification", "seguro seguridad", "securite", "", "seguranca"]),
    ("media", ["media", "", "", "", ""]),
    ("tax", ["tax taxpayer", "impuesto", "impot", "steuer", "imposto"]),
    (
        "taxid",
        ["tin ein fein itin", "rfc nif cif cuit cuil", "siret siren", "steuerid", "cpf cnpj"],
    ),
    ("vat", ["vat", "iva", "tva", "ust mwst umsatzsteuer", ""]),
    ("national id", ["", "dni curp nie rut cedula", "nir insee", "ausweis", "rg"]),
    ("national", ["national", "nacional", "nationale", "", ""]),
    ("government", ["government govt gov", "", "", "", ""]),
    ("license", ["license licence dl", "licencia", "permis", "fuhrerschein", "cnh"]),
    ("passport", ["passport", "pasaporte", "passeport", "reisepass", "passaporte"]),
    ("document", ["document", "documento", "", "dokument", ""]),
    // Cards.
    ("card", ["card cc", "tarjeta", "carte", "karte karten", "cartao"]),
    ("credit card", ["creditcard", "", "", "", ""]),
    ("credit", ["credit", "credito", "", "kredit", ""]),
    ("pan", ["pan", "", "", "", ""]),
    (
        "expiry",
        [
            "exp expiry expires expire expiration thru",
            "caducidad vencimiento vence vto",
            "echeance validite",
            "ablauf gultig gueltig",
            "vencimento validade",
        ],
    ),
    ("expiry date", ["expdate", "", "", "", ""]),
    ("cvv", ["cvv cvc csc cvn cav", "", "cryptogramme", "prufziffer prufnummer", ""]),
    ("cid", ["cid", "", "", "", ""]),
    ("check", ["check", "", "", "pruef pruf", ""]),
    ("holder", ["holder", "titular", "titulaire", "inhaber", ""]),
    ("card holder", ["cardholder", "", "", "", ""]),
    ("question", ["question answer hint", "pregunta", "", "frage", "pergunta"]),
    ("last 4", ["last4", "", "", "", ""]),
    ("4", ["4 four", "", "", "", ""]),
    // Banks.
    ("account", ["account acct acc", "cuenta", "compte", "konto", "conta"]),
    ("bank", ["bank banking checking ach sort", "banco bancaria", "banque bancaire", "", ""]),
    ("bank account", ["dda", "clabe", "rib", "", ""]),
    ("iban", ["iban", "", "", "", ""]),
    ("swift", ["swift bic", "", "", "", ""]),
    ("routing", ["routing aba rtn transit", "", "", "blz bankleitzahl", ""]),
    // Signing in.
    (
        "password",
        [
            "password passwd pwd pw pass passcode passphrase",
            "contrasena clave",
            "passe mdp",
            "passwort kennwort",
            "senha",
        ],
    ),
    ("pin", ["pin", "", "", "", ""]),
    ("salt", ["salt", "", "", "", ""]),
    ("hash", ["hash", "", "", "", ""]),
    ("user", ["user usr", "usuario", "utilisateur", "benutzer nutzer", ""]),
    ("user name", ["username", "", "", "", ""]),
    ("user id", ["userid", "", "", "", ""]),
    ("login", ["login logon signin", "", "identifiant", "", ""]),
    ("login amount", ["logins", "", "", "", ""]),
    ("secret", ["secret token recovery otp", "secreto", "", "geheim", "segredo"]),
    ("key", ["key", "llave", "cle", "schlussel schluessel", "chave"]),
    // Reaching a person.
    ("email", ["email emails", "correo", "courriel", "", ""]),
    ("e", ["e", "", "", "", ""]),
    ("mail", ["mail", "", "mel", "", ""]),
    (
        "phone",
        [
            "phone ph phn telephone tel mobile mob cell cellphone fax whatsapp sms",
            "telefono movil celular",
            "portable",
            "telefon handy mobil mobilnr rufnummer telefonnr",
            "telefone telemovel fone",
        ],
    ),
    ("extension", ["ext extension", "", "", "durchwahl", "ramal"]),
    (
        "address",
        [
            "address addr",
            "direccion domicilio dir",
            "adresse",
            "anschrift adress",
            "endereco morada logradouro",
        ],
    ),
    ("street", ["street apt suite", "calle", "rue voie", "strasse str", "rua"]),
    ("house", ["house", "", "", "haus hausnr", ""]),
    (
        "city",
        [
            "city town place",
            "ciudad localidad poblacion",
            "ville lieu",
            "ort stadt wohnort",
            "cidade bairro localidade",
        ],
    ),
    ("state", ["state province county st", "provincia", "", "bundesland", "uf"]),
    ("region", ["region district", "comunidad", "departement", "bezirk", "distrito"]),
    ("estado", ["", "estado", "", "", ""]),
    ("zip", ["zip postcode postal", "cp", "", "plz postleitzahl", "cep"]),
    ("zip code", ["zipcode", "", "", "", ""]),
    ("ip", ["ip", "", "", "", ""]),
    ("device", ["device cookie session mac fingerprint imei", "", "", "", ""]),
    (
        "position",
        ["lat latitude lng lon long longitude geo coordinates", "latitud longitud", "", "", ""],
    ),
    (
        "web",
        [
            "facebook instagram twitter skype linkedin url website web photo picture avatar",
            "foto",
            "",
            "",
            "",
        ],
    ),
    // Being a person.
    ("name", ["name names", "nombre nombres", "nom", "", "nome nomes"]),
    ("first", ["first", "primer primero", "premier", "erster", "primeiro"]),
    ("first name", ["fname firstname fn", "", "", "", ""]),
    ("last", ["last", "ultimo ultima", "dernier derniere", "letzte letzter", ""]),
    ("last name", ["lname lastname ln", "", "", "", ""]),
    ("middle", ["middle mi initial", "", "", "", ""]),
    ("middle name", ["mname", "", "", "", ""]),
    (
        "person",
        [
            "spouse coapplicant beneficiary contact recipient payee attn owner manager person \
             athlete student teacher pupil passenger guest tenant doctor nurse instructor",
            "persona contacto destinatario beneficiario alumno alumna profesor profesora",
            "personne contact destinataire beneficiaire elu eleve etudiant professeur enseignant",
            "ansprechpartner empfanger teilnehmer schuler kontakt geschaftsfuhrer lehrer",
            "pessoa contato aluno professor",
        ],
    ),
    ("full", ["full complete", "completo", "complet", "", ""]),
    ("person name", ["fullname", "", "", "", ""]),
    (
        "surname",
        [
            "surname maiden",
            "apellido apellidos",
            "",
            "nachname familienname zuname",
            "sobrenome apelido",
        ],
    ),
    ("given", ["given nickname", "", "prenom", "vorname rufname", ""]),
    ("company", ["company business", "empresa", "entreprise societe", "firma", ""]),
    ("suffix", ["suffix prefix salutation", "tratamiento", "civilite", "anrede", ""]),
    ("birth", ["birth", "nacimiento nac", "naissance naiss", "geburts geb", "nascimento nasc"]),
    ("birth date", ["birthday birthdate bday born dob", "", "ne", "geburtstag geboren", ""]),
    (
        "trait",
        [
            "occupation employer profession job age gender sex race ethnicity religion nationality \
             citizenship marital salary wage income health medical signature disability diagnosis \
             dependents hiv icd union felony patient sick debt height blood eye hair education \
             body skin",
            "edad genero sexo ocupacion profesion oficio religion nacionalidad salario sueldo \
             ingresos nomina discapacidad paciente civil deuda estatura sangre estudios",
            "sexe genre profession metier nationalite salaire revenu handicap situation dette \
             dettes taille sang etudes",
            "alter geschlecht beruf religion konfession nationalitat staatsangehorigkeit gehalt \
             lohn einkommen familienstand schulden blut haar augen bildung",
            "idade raca profissao religiao nacionalidade renda escolaridade ocupacao cor etnia \
             divida altura sangue",
        ],
    ),
    (
        "note",
        [
            "note notes comment comments memo remark remarks message feedback bio biography \
             narrative",
            "notas comentario comentarios observaciones obs mensaje",
            "commentaire commentaires remarques",
            "notiz notizen bemerkung bemerkungen kommentar anmerkung",
            "nota observacoes observacao mensagem",
        ],
    ),
    (
        "description",
        [
            "description desc details",
            "descripcion",
            "libelle",
            "beschreibung bezeichnung",
            "descricao",
        ],
    ),
    // Numbers of the application.
    ("id", ["id ids uid guid uuid index idx fid oid objectid rowid", "", "", "kennung", ""]),
    ("number", ["no num nr nbr number #", "numero", "", "nummer", ""]),
    ("code", ["code cd", "codigo cod", "", "kurzel kuerzel", ""]),
    (
        "party",
        [
            "customer cust client distributor distributors dist member membership associate \
             consultant affiliate rep agent dealer sponsor enroller upline downline placement \
             parent employee vendor supplier subscriber seller shipper staff carrier provider \
             emp reports",
            "cliente distribuidor miembro patrocinador proveedor empleado vendedor socio",
            "distributeur membre parrain fournisseur employe vendeur adherent matricule apporteur",
            "kunde kunden kund mitglied mitglieds lieferant lieferanten mitarbeiter verkaufer",
            "fornecedor funcionario membro",
        ],
    ),
    (
        "thing",
        [
            "order orders product item part invoice inv transaction txn trans payment batch \
             shipment tracking autoship subscription warehouse store branch ref reference case \
             ticket promo campaign record row line node leg sale claim policy contract film movie \
             rental inventory album track unit unique project task asset site location facility \
             shelf bin box lot serial model equipment vehicle flight trip route booking \
             reservation department dept territory event survey entity parcel \
             package medicare stop station sensor meter mission rocket component \
             assembly bom tail request build release commit host server",
            "pedido producto factura transaccion pago envio articulo almacen sucursal referencia \
             linea venta contrato poliza departamento lote proyecto equipo matricula aula \
             curso materia campana isla",
            "commande produit facture paiement article depot magasin reference ligne contrat \
             police sinistre commune projet lot livre dossier cours matiere campagne",
            "bestell bestellung bestellungs auftrag auftrags artikel produkt rechnungs rechnung \
             rechn lager filiale buchung buchungs belegungs belegung vertrag vertrags position \
             leistung leistungs wohn projekt vorgang beleg charge kurs abteilung kampagne prozess",
            "produto fatura pagamento loja venda contrato apolice lote disciplina curso",
        ],
    ),
    (
        "thing code",
        ["sku upc coupon ean isbn asin gtin barcode nsn fips iata icao", "", "", "", ""],
    ),
    (
        "period",
        [
            "period year month yr mo version day week weekday quarter hour",
            "periodo ano mes trimestre semana dia anio horario plazo",
            "periode annee mois jour",
            "zeitraum jahr monat quartal woche tag kalenderwoche kw",
            "semestre horario",
        ],
    ),
    // Dates of business.
    (
        "date",
        ["date dt time datetime", "fecha hora tiempo", "heure", "datum datums uhrzeit", "data"],
    ),
    ("event date", ["timestamp since", "", "horodateur horodatage", "seit zeitstempel", "desde"]),
    (
        "event",
        [
            "reset expired disbursed join joined enroll enrolled enrollment enrolment signup \
             registered registration registro created create creation updated update modified \
             change changed ship shipped delivery delivered renewal renew start end begin due \
             effective activation activated terminated termination cancelled canceled closed \
             opened open processed posted paid hire hired purchase purchased required discontinued \
             return returned departure arrival dep arr issued received opendate startdate enddate",
            "ingreso inscripcion alta baja creacion entrega inicio fin compra registro acceso \
             conexion estreno",
            "inscription debut fin livraison achat embauche mandat connexion",
            "beitritts eintritts eintritt austritt erstellt lieferung liefer von bis beginn ende \
             kauf zahlungseingang eingang anmeldung genehmigung anfrage ubergabe uebergabe",
            "admissao inicio fim entrega criado criacao compra cadastro atualizado acesso",
        ],
    ),
    ("by", ["by", "por", "par", "", ""]),
    // Amounts.
    (
        "amount",
        [
            "amount amt total subtotal price cost volume vol pv bv cv gv qv qty quantity count \
             cnt balance fee fees points commission bonus earnings sales discount rate \
             percent % length width distance duration elapsed delay freight stock reorder bytes \
             milliseconds seconds minutes min hours charges payments average avg mean sum tally \
             score evaluation population pop premium displacement horsepower mpg cylinders \
             acceleration speed temperature precipitation ridership revenue ounces abv ibu value \
             capacity gold silver bronze replacement transfers mm cm km kg lb lbs pct ms kwh \
             eur usd gbp",
            "cantidad precio importe monto base descuento subtotal puntos  limite saldo \
             evaluacion creditos calificacion duracion presupuesto votos popularidad promedio \
             largo alto masa tasa unidades cant",
            "montant valeur prix quantite duree cotisation solde remise",
            "betrag menge preis anzahl summe umsatz umlage gesamt punktzahl gesamtpunktzahl \
             dauer  zeit saldo rabatt entfernung kosten",
            "valor quantidade preco desconto  saldo quilometragem duracao estoque qtde qtd",
        ],
    ),
    // Ranks, states and types.
    (
        "type",
        [
            "type kind status rank level tier grade class category role source method channel \
             reason \
             plan stage brand color colour style size shape shift mode intent cause sport agency \
             board currentflag priority severity via",
            "tipo rango nivel categoria forma motivo canal estatus rol resultado concepto \
             especie marca modelo condicion tipologia",
            "statut rang niveau categorie motif fonction filiere",
            "typ rang art modell profil kategorie grund prioritat prioritaet",
            "categoria condicao prioridade",
        ],
    ),
    ("rating", ["rating", "", "", "", ""]),
    ("weight", ["weight", "peso", "poids", "gewicht", ""]),
    ("pay", ["pay", "", "", "", ""]),
    ("hourly", ["hourly", "", "", "", ""]),
    ("group", ["group", "grupo", "groupe", "gruppe", ""]),
    ("title", ["title", "", "", "", ""]),
    // Yes or no.
    (
        "flag",
        [
            "is has flag opt optin optout allow active activebool enabled verified consent agreed \
             exempt deleted locked canine diverted successful",
            "activo",
            "actif",
            "aktiv",
            "ativo fl",
        ],
    ),
    // Countries, languages, currencies.
    ("country", ["country market nation", "pais", "pays", "land", ""]),
    ("language", ["language lang locale", "idioma", "langue", "sprache", ""]),
    ("currency", ["currency", "moneda", "devise", "wahrung waehrung", "moeda"]),
];

/// Beginnings of words that speak of a private matter in several languages: health, belief, money
/// earned, a woman's condition, a crime.
pub(super) const STEMS: &[(&str, &str)] = &[
    ("trait", "diagn medic pregn embaraz schwanger relig ethni felon salar income"),
    ("secret", "secret recover"),
    ("license", "licen"),
    ("taxid", "fiscal"),
    ("passport", "passport pasaport"),
];

/// The spelling of the table and the meanings of a word.
pub(super) fn look_up(word: &str) -> Option<(&'static str, &'static str)> {
    let whole = WORDS.iter().find_map(|(meanings, languages)| {
        let mut words = languages.iter().flat_map(|words| words.split_ascii_whitespace());
        Some((words.find(|spelling| *spelling == word)?, *meanings))
    });
    whole.or_else(|| {
        STEMS.iter().find_map(|(meanings, stems)| {
            Some((stems.split(' ').find(|stem| word.starts_with(stem))?, *meanings))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_spelt_as_headers_are_folded() {
        for (meaning, languages) in WORDS {
            for word in languages.iter().flat_map(|words| words.split_ascii_whitespace()) {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                let fits = word.chars().all(plain) || matches!(word, "#" | "%");
                assert!(fits, "{meaning}: {word}");
            }
        }
    }
}
