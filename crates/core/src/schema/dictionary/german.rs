//! The words of German headers: what they mean, then the words.

pub(super) const WORDS: &[(&str, &str)] = &[
    ("ssn", "svnr"),
    ("social security", "sozialversicherungs sozialversicherung"),
    ("social", "sozial"),
    ("tax", "steuer"),
    ("taxid", "steuerid"),
    ("vat", "ust mwst umsatzsteuer"),
    ("national id", "ausweis"),
    ("license", "fuhrerschein"),
    ("passport", "reisepass"),
    ("document", "dokument"),
    ("card", "karte karten"),
    ("credit", "kredit"),
    ("expiry", "ablauf gultig gueltig"),
    ("cvv", "prufziffer prufnummer"),
    ("check", "pruef pruf"),
    ("holder", "inhaber"),
    ("question", "frage"),
    ("account", "konto"),
    ("routing", "blz bankleitzahl"),
    ("password", "passwort kennwort"),
    ("user", "benutzer nutzer"),
    ("secret", "geheim"),
    ("key", "schlussel schluessel"),
    ("phone", "telefon handy mobil mobilnr rufnummer telefonnr"),
    ("extension", "durchwahl"),
    ("address", "anschrift adress"),
    ("street", "strasse str"),
    ("house", "haus hausnr"),
    ("city", "ort stadt wohnort"),
    ("state", "bundesland"),
    ("region", "bezirk gemeinde landkreis kreis"),
    ("zip", "plz postleitzahl postzahl plzort"),
    ("first", "erster"),
    ("last", "letzte letzter"),
    (
        "person",
        "ansprechpartner empfanger teilnehmer schuler kontakt geschaftsfuhrer lehrer techniker \
         kassierer berater beraterin verkauferin vorgesetzter koordinator direktor dozent \
         dozentin spieler fahrer autorin schriftsteller kunstler kuenstler schauspieler sanger \
         saenger komponist fotograf ersteller bearbeiter sachbearbeiter prufer pruefer \
         genehmiger verantwortlicher verantwortliche zustandig zustaendig antragsteller \
         bewerber kandidat klager beklagter opfer zeuge verdachtiger beamter anwalt \
         rechtsanwalt richter burgermeister buergermeister abgeordneter abgeordnete vertreter \
         prasident praesident vorsitzender vorsitzende sekretar schatzmeister mutter vater \
         kinder ehemann ehefrau ehepartner bruder schwester freund spender erbe absender \
         unterzeichner redner teilnehmerin befragter bewohner burger buerger wahler waehler \
         mieter mieterin eigentumer eigentuemer burge schuldner glaubiger angestellter \
         angestellte arbeiter leiter leiterin studentin studenten schulerin arzt arztin \
         aerztin pfleger pflegekraft therapeut personen betreuer vormund versicherter",
    ),
    ("surname", "nachname familienname zuname"),
    ("given", "vorname rufname"),
    ("company", "firma"),
    ("suffix", "anrede"),
    ("birth", "geburts geb"),
    ("birth date", "geburtstag geboren"),
    (
        "trait",
        "alter geschlecht beruf konfession nationalitat staatsangehorigkeit gehalt lohn \
         einkommen familienstand schulden blut haar augen bildung allergien behandlung impfung \
         medikament medikamente krankheit krankheiten raucher schwanger schwangerschaft glaube \
         kirche kirchensteuer partei gesinnung orientierung verurteilung straftat haft visum \
         asyl rente unterhalt beihilfe verwandtschaft tod todes verstorben ausbildung studium \
         vergutung verguetung bezuge bezuege verdienst vermogen vermoegen gewerkschaft \
         gewerkschafts herkunftsland behinderung behindert noten zeugnis fehlzeiten \
         krankenkasse versicherten versicherung pflegegrad pflegestufe steuerklasse familien \
         hobbys kindergeld anwesenheit rasse",
    ),
    (
        "note",
        "notiz notizen bemerkung bemerkungen kommentar anmerkung zweck verwendungszweck \
         mitteilung",
    ),
    ("description", "beschreibung bezeichnung"),
    ("id", "kennung"),
    ("number", "nummer zahl"),
    ("code", "kurzel kuerzel"),
    (
        "party",
        "kunde kunden kund mitglied mitglieds lieferant lieferanten verkaufer kaufer kaeufer \
         produzent importeur exporteur auftragnehmer auftraggeber betreiber spediteur \
         vermieter franchisenehmer versicherer verlag debitor kreditor handler haendler kd \
         kdnr pers",
    ),
    (
        "thing",
        "bestell bestellung bestellungs auftrag auftrags rechnungs rechnung rechn buchung \
         buchungs belegungs belegung vertrag vertrags position leistung leistungs projekt \
         vorgang beleg charge kampagne prozess angebot quittung gutschein gutschrift karton \
         behaelter rolle gang regal bereich tor hafen plattform buchungssatz kostenstelle \
         kostentraeger sparte mannschaft spieltag turnier runde thema kapitel lektion pruefung \
         prufung vorlesung programm fakultat fakultaet universitat hochschule schule \
         bibliothek organisation behorde behoerde ministerium akte aktenzeichen aufgabe \
         genehmigungs gesetz antrag storung stoerung fehler mangel vorfall meilenstein risiko \
         datei pfad ordner seite zeile satz datensatz mahnung zahlung zahlungs forderung \
         ausschreibung anzeige umfrage wahl wahlkreis stimmbezirk flurstueck flurstuck \
         grundstuck grundstueck objekt immobilie strecke fahrt flug haltestelle haltepunkt \
         zahler zaehler zahlstelle zaehlstelle messstelle lieferschein versand sendung paket \
         retoure reklamation wartung instandhaltung prodkategorie warengruppe sachkonto \
         buchungskreis mandant werk lagerort inventur schicht kommission ausschuss sitzung \
         verordnung betriebsstatte besteller arbeitsgang arbeitsplan stueckliste stuckliste \
         fertigungsauftrag kontenplan lagerplatz ebene zolltarif warennummer standort betrieb \
         kostenart belegart abschnitt trasse fahrplan linie gleis halle stellplatz messung \
         messwert probe verzeichnis netz leitung trafo",
    ),
    ("thing code", "referenz"),
    (
        "period",
        "zeitraum jahr monat quartal woche tag kalenderwoche kw jahrlich jaehrlich wochentlich \
         woechentlich taglich taeglich halbjahr geschaftsjahr geschaeftsjahr stunde jahre \
         jahres monate monats wochen tages quartals zeitpunkt",
    ),
    ("date", "datum datums uhrzeit"),
    ("event date", "seit zeitstempel"),
    (
        "event",
        "beitritts eintritts eintritt austritt erstellt lieferung liefer von bis beginn ende \
         kauf zahlungseingang eingang anmeldung genehmigung anfrage ubergabe uebergabe \
         erstellungs anlage angelegt geandert geaendert anderung aenderung aktualisiert \
         aktualisierung ausstellung erhalten empfang eingangs ausgang ausgangs abgang zugang \
         versandt verschickt abfahrt ankunft offnung oeffnung schliessung abschluss falligkeit \
         faelligkeit fallig faellig einfuhrung veroffentlichung inbetriebnahme reparatur \
         inspektion besuch termin reservierung anmelde einstellung kundigung kuendigung \
         ruckgabe rueckgabe stornierung freigabe ablehnung beantragt zuweisung bearbeitung \
         bearbeitungs erledigung fertigstellung geplant erwartet voraussichtlich export \
         anschaffung erwerb lieferungs auslieferung gultigkeit stand abgabe aufnahme \
         entlassung ankunfts ereignis verkauf verkaufs verfalls mhd ablieferung inkrafttreten \
         schliess bau baujahr fertig valuta wertstellung",
    ),
    (
        "amount",
        "betrag menge anzahl summe umsatz umlage gesamt dauer zeit rabatt entfernung netto \
         brutto steuerbetrag steuersatz prozent anteil gewinn verlust ertrag aufwand soll \
         haben anzahlung zins zinsen mahngebuhr gebuhr gebuehr gebuhren zuschlag provision \
         fracht porto breite lange laenge tiefe dicke durchmesser flache flaeche qm kilo \
         tonnen stueck stuck stk mindestbestand meldebestand verbrauch bedarf produktion \
         kapazitat kapazitaet auslastung wirkungsgrad verfugbarkeit geschwindigkeit \
         kilometerstand kilometer stunden minuten sekunden tage wartezeit besuche klicks \
         aufrufe einwohner bevolkerung bevoelkerung haushalte geburten falle faelle wohnungen \
         hektar stimmen stimmenanteil wahlberechtigte ungultige investition faktor abweichung \
         varianz differenz veranderung veraenderung wachstum kumuliert stuckpreis einzelpreis \
         gesamtpreis zwischensumme endpreis niederschlag feuchte luftfeuchtigkeit strom tore \
         siege niederlagen platze plaetze maximal minimal obergrenze untergrenze raeder rader \
         ubernachtungen uebernachtungen naechtigungen ankunfte preise wert wertbetrag \
         warenwert bestellwert lagerwert guthaben budgetbetrag ps hubraum lieferzeit losgrosse \
         losgroesse restmenge bestellmenge liefermenge istmenge sollmenge umsatzerlos \
         verkaufspreis einkaufspreis listenpreis nettopreis bruttopreis gesamtbetrag \
         nettobetrag bruttobetrag mwstbetrag rechnungsbetrag stueckpreis stueckzahl fahrgaste \
         fahrgaeste besucher aufkommen ertraege verzug verspatung verspaetung genauigkeit \
         offene offener uberfallig ueberfaellig deckung fortschritt bewilligt forderbetrag \
         foerderbetrag zuschuss zuschusse uberschuss ueberschuss defizit zielwert sollwert \
         istwert grenzwert schwelle abdeckung produktivitat produktivitaet fluktuation turen \
         tueren sitze betten schlafzimmer badezimmer wohnflache wohnflaeche nutzflache \
         nutzflaeche regen bewolkung durchfluss leitfahigkeit nebenkosten quadratmeterpreis",
    ),
    (
        "type",
        "typ art modell profil kategorie prioritat prioritaet fahrzeugklasse unterkategorie \
         untertyp familie stufe dringlichkeit masseinheit mengeneinheit me gebinde aufmachung \
         ausfuhrung ausfuehrung qualitat qualitaet ausgabe etikett kollektion modus regelung \
         schichtart sektor abkurzung abkuerzung fachrichtung disziplin schwierigkeit richtung \
         farbe geschmack stoff kraftstoff treibstoff antrieb getriebe ziel weg quelle turnus \
         haufigkeit haeufigkeit schwere kanal untergruppe hersteller funktion futter \
         lebensraum sicherheitslevel wochentag vertriebskanal zahlungsart versandart lieferart \
         benennung merkmal eigenschaft ausprageung auspraegung rechtsform gattung sorte hoest \
         bauart bauform nutzungsart gebiet rubrik methode bandbreite zahlungsmethode \
         verwendungsart kritikalitat klima",
    ),
    ("weight", "gewicht"),
    ("group", "gruppe"),
    ("title", "titel"),
    (
        "flag",
        "aktiv aktiviert verfugbar verfuegbar sichtbar veroffentlicht dringend gultigflag \
         vollstandig bezahlt abgerechnet importiert zerbrechlich verderblich pflicht standard \
         gesperrt erledigt storniert gelost geloest hat ja",
    ),
    ("country", "land kontinent"),
    ("language", "sprache"),
    ("currency", "wahrung waehrung"),
    ("amount ware", "preis kosten bestand bestaende"),
    ("body", "groesse grosse hohe hoehe"),
    ("care", "arztkontakt"),
    (
        "either",
        "punktzahl gesamtpunktzahl punkte bewertung zensur ausgaben einnahmen temperatur druck \
         spannung sauerstoff miete kaltmiete warmmiete kaution",
    ),
    (
        "link",
        "der dem den und oder zu zum zur im am auf fuer fur mit ohne pro je aus bei nach ueber \
         uber unter ab als eine neu alt aktuell aktuelle naechste vorherige allgemein \
         bevorzugt historisch extern intern zugehorig entsprechend die das in",
    ),
    ("party staff", "mitarbeiter"),
    (
        "period amount",
        "januar februar marz maerz juni juli oktober dezember montag dienstag mittwoch \
         donnerstag freitag samstag sonntag",
    ),
    ("period monthly", "monatlich"),
    ("stat", "durchschnitt mittelwert"),
    (
        "thing good",
        "artikel produkt ware waren teil ersatzteil bauteil komponente buch lied spiel gericht \
         maschine werkzeug geraet gerat fahrzeug lkw fahrrad mobel moebel pflanze tierart \
         dienstleistung zutat ausstattung bild",
    ),
    (
        "thing named",
        "lager filiale wohn kurs abteilung markt fach modul raum zimmer saal gebaeude gebaude \
         wohnung ferienwohnung einrichtung",
    ),
    ("thing type", "einheit"),
    ("trait care", "patienten patientin"),
    ("type ware", "marke verpackung"),
    (
        "vague",
        "grund ursache ergebnis befund begrundung begruendung resultat zustand herkunft \
         ursprung klasse ausloser",
    ),
];
