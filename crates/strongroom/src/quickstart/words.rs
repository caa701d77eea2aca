//! Lists that invented people are drawn from: names as written and in plain ASCII, for addresses
//! of e-mail; towns with their state, first digits of the ZIP code and telephone area.

pub(super) const FIRST: &[(&str, &str)] = &[
    ("Grace", "grace"),
    ("Miguel", "miguel"),
    ("Zoë", "zoe"),
    ("José", "jose"),
    ("Siobhán", "siobhan"),
    ("Łukasz", "lukasz"),
    ("Søren", "soren"),
    ("Chloé", "chloe"),
    ("Björn", "bjorn"),
    ("Aisha", "aisha"),
    ("Priyanka", "priyanka"),
    ("Kwame", "kwame"),
    ("Yukiko", "yukiko"),
    ("Mei-Ling", "meiling"),
    ("Oluwaseun", "oluwaseun"),
    ("Beatriz", "beatriz"),
    ("Anneliese", "anneliese"),
    ("Dmitri", "dmitri"),
    ("Ingrid", "ingrid"),
    ("Rahul", "rahul"),
    ("Thandiwe", "thandiwe"),
    ("Guadalupe", "guadalupe"),
    ("Alejandra", "alejandra"),
    ("Mohammed", "mohammed"),
    ("Fatima", "fatima"),
    ("François", "francois"),
    ("Élodie", "elodie"),
    ("Giuseppe", "giuseppe"),
    ("Ximena", "ximena"),
    ("Nadezhda", "nadezhda"),
    ("Tomasz", "tomasz"),
    ("Mary Ann", "maryann"),
    ("Jean-Luc", "jeanluc"),
    ("Ngozi", "ngozi"),
    ("Haruto", "haruto"),
    ("Leilani", "leilani"),
    ("Katarzyna", "katarzyna"),
    ("Sebastián", "sebastian"),
    ("Wilhelmina", "wilhelmina"),
    ("Darnell", "darnell"),
];

pub(super) const LAST: &[(&str, &str)] = &[
    ("Okafor", "okafor"),
    ("García Márquez", "garcia"),
    ("Nguyễn", "nguyen"),
    ("O'Sullivan", "osullivan"),
    ("Kowalczyk", "kowalczyk"),
    ("Lindqvist", "lindqvist"),
    ("Müller", "muller"),
    ("Fernández", "fernandez"),
    ("Castellanos", "castellanos"),
    ("Papadopoulos", "papadopoulos"),
    ("Venkataraman", "venkataraman"),
    ("Abdullahi", "abdullahi"),
    ("Yamamoto", "yamamoto"),
    ("Gonçalves", "goncalves"),
    ("Haugland", "haugland"),
    ("Whitfield", "whitfield"),
    ("Beauchamp", "beauchamp"),
    ("Rasmussen", "rasmussen"),
    ("Delacroix", "delacroix"),
    ("Montgomery", "montgomery"),
    ("Iwuchukwu", "iwuchukwu"),
    ("Horváth", "horvath"),
    ("Szymański", "szymanski"),
    ("de la Cruz", "delacruz"),
    ("van der Berg", "vanderberg"),
    ("Thibodeaux", "thibodeaux"),
    ("Blackwood", "blackwood"),
    ("Arredondo", "arredondo"),
    ("Nakagawa", "nakagawa"),
    ("Stevenson", "stevenson"),
    ("Björklund", "bjorklund"),
    ("Tchaikovsky", "tchaikovsky"),
    ("Mbeki-Jones", "mbekijones"),
    ("Ibáñez", "ibanez"),
    ("Washington", "washington"),
    ("Kamakaʻeha", "kamakaeha"),
];

pub(super) struct Town {
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    pub(super) zip: u64,
    pub(super) area: u64,
}

const fn town(city: &'static str, state: &'static str, zip: u64, area: u64) -> Town {
    Town { city, state, zip, area }
}

pub(super) const TOWNS: &[Town] = &[
    town("Dallas", "TX", 752, 214),
    town("Orem", "UT", 840, 801),
    town("Boise", "ID", 837, 208),
    town("Tampa", "FL", 336, 813),
    town("Fresno", "CA", 937, 559),
    town("Madison", "WI", 537, 608),
    town("Albuquerque", "NM", 871, 505),
    town("Chattanooga", "TN", 374, 423),
    town("Providence", "RI", 29, 401),
    town("Sioux Falls", "SD", 571, 605),
    town("Spokane", "WA", 992, 509),
    town("Baton Rouge", "LA", 708, 225),
    town("Lexington", "KY", 405, 859),
    town("Anchorage", "AK", 995, 907),
    town("Honolulu", "HI", 968, 808),
    town("Kansas City", "MO", 641, 816),
    town("Manchester", "NH", 31, 603),
    town("Greensboro", "NC", 274, 336),
    town("Las Cruces", "NM", 880, 575),
    town("Grand Rapids", "MI", 495, 616),
];

pub(super) const STREETS: &[&str] = &[
    "Magnolia Avenue",
    "Quarry Hill Road",
    "Saint Clair Street",
    "Old Mill Lane",
    "Juniper Court",
    "Harborview Drive",
    "Calle del Sol",
    "Rosewood Terrace",
    "Lighthouse Point",
    "Whispering Pines Way",
    "Cottonwood Boulevard",
    "Ferry Landing Road",
    "North Meridian Street",
    "Buckeye Hollow",
    "Paseo de la Loma",
    "Granite Ridge Circle",
];

pub(super) const RANKS: &[&str] = &[
    "Consultant",
    "Senior Consultant",
    "Team Leader",
    "Director",
    "Senior Director",
    "Executive",
    "Diamond Executive",
];

/// Halves of passwords.
pub(super) const SECRETS: &[&str] = &[
    "Harbor", "tulip", "Rocket", "walnut", "Banjo", "copper", "Meadow", "falcon", "Pickle",
    "violet", "Saddle", "thunder",
];

pub(super) const MAIL_HOSTS: &[&str] =
    &["mail.example", "post.example", "inbox.example", "letters.example"];

/// Published by the card brands for tests: of no account.
pub(super) const TEST_CARDS: &[&str] = &[
    "4111111111111111",
    "4242424242424242",
    "4012888888881881",
    "4000056655665556",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "5200828282828210",
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "3566002020360505",
    "30569309025904",
    "38520000023237",
];
