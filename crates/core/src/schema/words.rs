//! The dictionary of header words, and what they mean together.

use crate::field::FieldType;

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Values of a field type.
    Type(FieldType),
    /// What people write in their own words.
    Prose,
    /// Personal, and of no type: sealed as text.
    Private,
    /// A number or code of the application.
    Code,
    /// A date of business.
    Event,
    /// An amount, a quantity, a volume.
    Amount,
    /// A rank, a status, a type.
    Kind,
    /// Yes or no.
    Flag,
    /// A country, a language, a currency.
    Place,
}

impl Class {
    /// Every class a column is compared with.
    pub(super) const ALL: [Self; 22] = [
        Self::Type(FieldType::Ssn),
        Self::Type(FieldType::TaxId),
        Self::Type(FieldType::CardNumber),
        Self::Type(FieldType::CardExpiry),
        Self::Type(FieldType::CardSecurityCode),
        Self::Type(FieldType::BankAccount),
        Self::Type(FieldType::BankRouting),
        Self::Type(FieldType::Password),
        Self::Type(FieldType::Username),
        Self::Type(FieldType::Email),
        Self::Type(FieldType::Phone),
        Self::Type(FieldType::Name),
        Self::Type(FieldType::Address),
        Self::Type(FieldType::DateOfBirth),
        Self::Prose,
        Self::Private,
        Self::Code,
        Self::Event,
        Self::Amount,
        Self::Kind,
        Self::Flag,
        Self::Place,
    ];

    /// Whether such columns may stay clear.
    pub(super) fn is_clear(self) -> bool {
        matches!(
            self,
            Self::Code | Self::Event | Self::Amount | Self::Kind | Self::Flag | Self::Place
        )
    }

    /// What it is, for people.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Type(kind) => kind.name(),
            Self::Prose => "free text",
            Self::Private => "personal, of no type of its own",
            Self::Code => "number or code of the application",
            Self::Event => "date of business",
            Self::Amount => "amount or quantity",
            Self::Kind => "rank, status or type",
            Self::Flag => "yes or no",
            Self::Place => "country, language or currency",
        }
    }
}

use Class::{Amount, Code, Event, Flag, Kind, Place, Private, Prose, Type};
use FieldType::{
    Address, BankAccount, BankRouting, CardExpiry, CardNumber, CardSecurityCode, DateOfBirth,
    Email, Name, Password, Phone, Ssn, TaxId, Username,
};

/// Words that must all be in the header, what they speak for, and how strongly: about the natural
/// logarithm of how much likelier the class is with them than without.
pub(super) const RULES: &[(&str, Class, f64)] = &[
    // Government numbers.
    ("ssn", Type(Ssn), 9.0),
    ("social security", Type(Ssn), 9.0),
    ("social number", Type(Ssn), 8.0),
    ("social", Type(Ssn), 5.0),
    ("social media", Private, 8.0),
    ("tax id", Type(TaxId), 9.0),
    ("tax number", Type(TaxId), 9.0),
    ("taxid", Type(TaxId), 9.0),
    ("ssn taxid", Type(TaxId), 9.0),
    ("national id", Private, 8.0),
    ("government id", Private, 8.0),
    ("national number", Private, 8.0),
    ("license", Private, 8.0),
    ("passport", Private, 9.0),
    // Cards.
    ("card number", Type(CardNumber), 9.0),
    ("credit card", Type(CardNumber), 8.0),
    ("credit card number", Type(CardNumber), 9.0),
    ("card", Type(CardNumber), 6.0),
    ("pan", Type(CardNumber), 7.0),
    ("card holder", Type(Name), 9.0),
    ("card name", Type(Name), 8.0),
    ("expiry", Type(CardExpiry), 5.0),
    ("expiry date", Type(CardExpiry), 5.0),
    ("card expiry", Type(CardExpiry), 9.0),
    ("card date", Type(CardExpiry), 7.0),
    ("card expiry date", Type(CardExpiry), 9.0),
    ("expiry period", Private, 8.0),
    ("party expiry", Event, 8.0),
    ("party expiry date", Event, 8.0),
    ("cvv", Type(CardSecurityCode), 9.0),
    ("cid", Type(CardSecurityCode), 4.0),
    ("cid", Code, 3.0),
    ("security code", Type(CardSecurityCode), 8.0),
    ("card security code", Type(CardSecurityCode), 9.0),
    ("card code", Type(CardSecurityCode), 7.0),
    ("card check number", Type(CardSecurityCode), 9.0),
    ("security question", Private, 9.0),
    ("last 4", Private, 8.0),
    // Banks.
    ("account", Type(BankAccount), 5.0),
    ("account number", Type(BankAccount), 6.0),
    ("bank account", Type(BankAccount), 9.0),
    ("bank account number", Type(BankAccount), 9.0),
    ("bank number", Type(BankAccount), 6.0),
    ("iban", Type(BankAccount), 9.0),
    ("account name", Type(Name), 8.0),
    ("account holder", Type(Name), 9.0),
    ("account person", Type(Name), 8.0),
    ("bank", Private, 4.0),
    ("bank name", Private, 8.0),
    ("swift", Private, 8.0),
    ("routing", Type(BankRouting), 9.0),
    ("bank code", Type(BankRouting), 6.0),
    // Signing in.
    ("password", Type(Password), 9.0),
    ("pin", Type(Password), 5.0),
    ("password question", Private, 9.0),
    ("question", Private, 5.0),
    ("salt", Private, 7.0),
    ("user", Type(Username), 6.0),
    ("user name", Type(Username), 9.0),
    ("user id", Type(Username), 9.0),
    ("login", Type(Username), 8.0),
    ("login id", Type(Username), 9.0),
    ("login name", Type(Username), 9.0),
    ("last login", Event, 8.0),
    ("last login ip", Private, 9.0),
    ("login date", Event, 8.0),
    ("login amount", Amount, 8.0),
    // Reaching a person.
    ("email", Type(Email), 9.0),
    ("e mail", Type(Email), 9.0),
    ("mail", Type(Email), 6.0),
    ("email address", Type(Email), 9.0),
    ("e mail address", Type(Email), 9.0),
    ("email flag", Flag, 10.0),
    ("phone flag", Flag, 10.0),
    ("phone", Type(Phone), 8.0),
    ("phone number", Type(Phone), 9.0),
    ("phone extension", Private, 8.0),
    ("extension", Private, 4.0),
    ("address", Type(Address), 7.0),
    ("street", Type(Address), 8.0),
    ("house number", Type(Address), 8.0),
    ("city", Type(Address), 7.0),
    ("state", Type(Address), 7.0),
    ("thing state", Kind, 7.0),
    ("zip", Type(Address), 7.0),
    ("zip code", Type(Address), 8.0),
    ("ip", Private, 8.0),
    ("ip address", Private, 9.0),
    ("device", Private, 7.0),
    ("position", Private, 7.0),
    ("web", Private, 7.0),
    ("web address", Private, 9.0),
    // Being a person.
    ("name", Type(Name), 5.0),
    ("first", Type(Name), 5.0),
    ("first name", Type(Name), 9.0),
    ("last", Type(Name), 5.0),
    ("last name", Type(Name), 9.0),
    ("middle", Type(Name), 6.0),
    ("middle name", Type(Name), 9.0),
    ("surname", Type(Name), 9.0),
    ("given", Type(Name), 9.0),
    ("person", Type(Name), 6.0),
    ("party name", Type(Name), 9.0),
    ("company", Private, 6.0),
    ("company name", Private, 8.0),
    ("suffix", Private, 5.0),
    ("birth", Type(DateOfBirth), 7.0),
    ("birth date", Type(DateOfBirth), 9.0),
    ("birth city", Private, 9.0),
    ("birth country", Private, 9.0),
    ("birth period", Private, 9.0),
    ("trait", Private, 8.0),
    ("note", Prose, 7.0),
    ("description", Prose, 4.0),
    ("thing description", Code, 6.0),
    // Business.
    ("id", Code, 4.0),
    ("number", Code, 3.5),
    ("code", Code, 3.5),
    ("party", Code, 4.0),
    ("party id", Code, 8.0),
    ("party number", Code, 8.0),
    ("party code", Code, 8.0),
    ("thing", Code, 4.5),
    ("thing id", Code, 8.0),
    ("thing number", Code, 8.0),
    ("thing code", Code, 8.0),
    ("thing name", Code, 6.0),
    ("company id", Code, 8.0),
    ("company code", Code, 8.0),
    ("company number", Code, 6.0),
    ("period", Code, 5.0),
    ("event", Event, 5.0),
    ("event date", Event, 8.0),
    ("thing date", Event, 8.0),
    ("party date", Event, 6.0),
    ("last thing", Event, 6.0),
    ("last event", Event, 8.0),
    ("last date", Event, 6.0),
    ("first thing", Event, 6.0),
    ("first event", Event, 8.0),
    ("first date", Event, 6.0),
    ("last thing date", Event, 8.0),
    ("last event date", Event, 8.0),
    ("first thing date", Event, 8.0),
    ("expiry", Event, 3.0),
    ("expiry date", Event, 3.0),
    ("event by", Private, 7.0),
    ("amount", Amount, 6.0),
    ("thing amount", Amount, 8.0),
    ("party amount", Amount, 8.0),
    ("tax", Amount, 4.0),
    ("tax amount", Amount, 8.0),
    ("type", Kind, 6.0),
    ("party type", Kind, 8.0),
    ("thing type", Kind, 8.0),
    ("title", Kind, 4.0),
    ("flag", Flag, 6.0),
    ("country", Place, 7.0),
    ("country code", Place, 9.0),
    ("country name", Place, 9.0),
    ("language", Place, 8.0),
    ("language code", Place, 9.0),
    ("currency", Place, 8.0),
    ("currency code", Place, 9.0),
];

/// What words mean, and the words, without accents and in lower case, as headers write them. A
/// word may mean several at once.
pub(super) const WORDS: &[(&str, &str)] = &[
    // Government numbers.
    ("ssn", "ssn ss"),
    ("social security", "socsec sozialversicherungs"),
    ("social", "soc social sociale"),
    ("security", "seguro sec security securite seguridad seguranca verification"),
    ("media", "media"),
    ("tax", "tax taxpayer steuer impuesto imposto"),
    ("taxid", "tin ein fein itin vat rfc nif cpf cnpj siret siren"),
    ("national id", "dni curp nie"),
    ("national", "national"),
    ("government", "government govt gov"),
    ("license", "license licence dl fuhrerschein licencia"),
    ("passport", "passport pasaporte passeport reisepass passaporte"),
    // Cards.
    ("card", "card cc karte karten carte tarjeta cartao"),
    ("credit card", "creditcard"),
    ("credit", "credit kredit credito"),
    ("pan", "pan"),
    (
        "expiry",
        "exp expiry expires expire expiration caducidad vencimiento vencimento validade \
            ablauf gultig thru",
    ),
    ("expiry date", "expdate"),
    ("cvv", "cvv cvc csc cvn cav cryptogramme prufziffer prufnummer"),
    ("cid", "cid"),
    ("check", "pruef pruf check"),
    ("holder", "holder inhaber titular titulaire"),
    ("card holder", "cardholder"),
    ("question", "question answer hint"),
    ("last 4", "last4"),
    ("4", "4 four"),
    // Banks.
    ("account", "account acct acc konto compte cuenta conta"),
    ("bank", "bank banking banco banque bancaria bancaire bancario checking ach sort"),
    ("bank account", "dda clabe"),
    ("iban", "iban"),
    ("swift", "swift bic"),
    ("routing", "routing aba rtn transit blz bankleitzahl"),
    // Signing in.
    (
        "password",
        "password passwd pwd pw pass passcode passphrase passwort kennwort passe \
            contrasena clave senha",
    ),
    ("pin", "pin"),
    ("salt", "salt"),
    ("user", "user usr usuario utilisateur benutzer nutzer"),
    ("user name", "username"),
    ("user id", "userid"),
    ("login", "identifiant login logon signin"),
    ("login amount", "logins"),
    // Reaching a person.
    ("email", "email emails correo courriel"),
    ("e", "e"),
    ("mail", "mail"),
    (
        "phone",
        "whatsapp sms phone ph phn telephone tel mobile mob cell cellphone fax telefono telefon \
            telefone movil celular portable handy mobil",
    ),
    ("extension", "ext extension"),
    ("address", "address addr adresse anschrift direccion domicilio endereco"),
    ("street", "street strasse str rue calle rua apt suite"),
    ("house", "house haus"),
    ("city", "city town place ort stadt ville ciudad cidade"),
    ("state", "state province county provincia estado bundesland"),
    ("zip", "zip postcode postal plz postleitzahl cep"),
    ("zip code", "zipcode"),
    ("ip", "ip"),
    ("device", "device cookie session token mac fingerprint"),
    ("position", "lat latitude lng lon long longitude geo coordinates"),
    ("web", "facebook instagram twitter skype linkedin url website web photo picture avatar"),
    // Being a person.
    ("name", "name names nombre nombres nome nom"),
    ("first", "first"),
    ("first name", "fname firstname fn"),
    ("last", "last"),
    ("last name", "lname lastname ln"),
    ("middle", "middle mi initial"),
    ("middle name", "mname"),
    ("person", "full spouse coapplicant beneficiary contact recipient payee attn owner manager"),
    ("person name", "fullname"),
    ("surname", "surname apellido apellidos sobrenome apelido nachname familienname maiden"),
    ("given", "given prenom vorname nickname"),
    ("company", "company business firma empresa entreprise"),
    ("suffix", "suffix prefix salutation"),
    ("birth", "birth nacimiento naissance nascimento geburts"),
    ("birth date", "birthday birthdate bday born dob geburtstag geboren"),
    (
        "trait",
        "occupation employer profession age gender sex sexo sexe geschlecht genero race \
        ethnicity religion nationality \
            citizenship marital salary income health medical signature",
    ),
    (
        "note",
        "note notes comment comments memo remark remarks message feedback notas notiz \
            notizen bemerkung bemerkungen kommentar comentario comentarios commentaire \
            commentaires remarques observaciones observacoes",
    ),
    ("description", "description desc details descripcion descricao beschreibung"),
    // Numbers of the application.
    ("id", "id ids uid guid uuid key"),
    ("number", "no num nr nbr number numero nummer #"),
    ("code", "code codigo cd"),
    (
        "party",
        "customer cust client cliente kunde kunden distributor distributors distribuidor \
            distributeur dist member membership mitglied mitglieds miembro membre associate \
            consultant affiliate rep agent dealer sponsor patrocinador parrain enroller \
            upline downline placement parent employee vendor supplier subscriber",
    ),
    (
        "thing",
        "order orders bestell bestellung auftrags pedido commande product produkt \
            producto produit produto artikel item part invoice inv rechnungs factura facture \
            fatura transaction txn trans payment batch shipment tracking autoship \
            subscription warehouse store branch ref reference referencia case ticket promo \
            campaign record row line node leg",
    ),
    ("thing code", "sku upc coupon"),
    ("period", "period year month yr mo version"),
    // Dates of business.
    ("date", "date dt datum datums fecha data time"),
    ("event date", "timestamp since"),
    (
        "event",
        "reset expired disbursed join joined beitritts eintritts ingreso inscripcion \
        inscription enroll enrolled \
            enrollment enrolment signup registered registration registro created create \
            creation creacion updated modified changed ship shipped delivery delivered \
            renewal renew start end due effective activation activated terminated \
            termination cancelled canceled closed opened processed posted paid hire hired \
            purchase purchased",
    ),
    ("by", "by"),
    // Amounts.
    (
        "amount",
        "amount amt total subtotal price cost volume vol pv bv cv gv qv qty quantity \
            count balance fee points commission bonus earnings sales discount weight rate \
            percent betrag menge preis monto importe cantidad precio montant quantite prix \
            valor quantidade preco",
    ),
    // Ranks, states and types.
    (
        "type",
        "type tipo typ kind status statut rank rang rango level nivel niveau tier grade \
            class category categoria group role source channel method reason plan stage \
            brand color size",
    ),
    ("title", "title"),
    // Yes or no.
    (
        "flag",
        "is has flag opt optin optout allow active activo actif aktiv ativo enabled \
            verified consent agreed exempt deleted locked",
    ),
    // Countries, languages, currencies.
    ("country", "country pais pays land market"),
    ("language", "language lang locale idioma langue sprache"),
    ("currency", "currency moneda moeda devise wahrung waehrung"),
];
