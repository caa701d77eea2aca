//! The words of English headers: what they mean, then the words.

pub(super) const WORDS: &[(&str, &str)] = &[
    ("ssn", "ssn ss"),
    ("social security", "socsec"),
    ("social", "soc social"),
    ("security", "sec security verification"),
    ("media", "media"),
    ("tax", "tax taxpayer"),
    ("taxid", "tin ein fein itin"),
    ("vat", "vat"),
    ("national id", "nhs nino aadhaar bsn pesel"),
    ("national", "national"),
    ("government", "government govt gov"),
    ("license", "license licence dl"),
    ("passport", "passport"),
    ("document", "document"),
    ("card", "card cc"),
    ("credit card", "creditcard"),
    ("credit", "credit"),
    ("pan", "pan"),
    ("expiry", "exp expiry expires expire expiration thru"),
    ("expiry date", "expdate"),
    ("cvv", "cvv cvc csc cvn cav"),
    ("cid", "cid"),
    ("check", "check"),
    ("holder", "holder"),
    ("card holder", "cardholder"),
    ("question", "question answer hint"),
    ("last 4", "last4"),
    ("4", "4 four"),
    ("account", "account acct acc"),
    ("bank", "bank banking checking ach sort"),
    ("bank account", "dda"),
    ("iban", "iban"),
    ("swift", "swift bic"),
    ("routing", "routing aba rtn transit"),
    ("password", "password passwd pwd pw pass passcode passphrase"),
    ("pin", "pin"),
    ("salt", "salt"),
    ("hash", "hash"),
    ("user", "user usr"),
    ("user name", "username"),
    ("user id", "userid"),
    ("login", "login logon signin"),
    ("login amount", "logins"),
    ("secret", "secret token recovery otp"),
    ("key", "key"),
    ("email", "email emails"),
    ("e", "e"),
    ("mail", "mail"),
    ("phone", "phone phn telephone tel mobile mob cell cellphone fax whatsapp sms"),
    ("extension", "ext extension"),
    ("address", "address addr"),
    ("street", "street apt suite"),
    ("house", "house"),
    ("city", "city town place"),
    ("state", "state province county st"),
    ("region", "region district municipality"),
    ("zip", "zip postcode postal"),
    ("zip code", "zipcode"),
    ("ip", "ip"),
    ("device", "device cookie session mac fingerprint imei"),
    ("position", "lat latitude lng lon long longitude geo coordinates"),
    ("web", "facebook instagram twitter skype linkedin url website web photo picture avatar"),
    ("name", "name names"),
    ("first", "first"),
    ("first name", "fname firstname fn"),
    ("last", "last"),
    ("last name", "lname lastname ln"),
    ("middle", "middle mi initial"),
    ("middle name", "mname"),
    (
        "person",
        "spouse coapplicant beneficiary contact recipient payee attn owner manager person \
         athlete student teacher pupil passenger guest tenant doctor nurse instructor \
         technician clerk cashier salesperson salesman supervisor coordinator director \
         lecturer tutor trainer coach player rider driver pilot captain author editor writer \
         artist actor actress singer composer photographer creator modifier reviewer approver \
         assignee reporter requester requestor applicant candidate claimant plaintiff \
         defendant victim witness suspect officer advisor adviser attorney lawyer judge mayor \
         senator deputy representative president chairman chairperson secretary treasurer \
         guardian mother father child children husband wife sibling friend referee donor heir \
         nominee sender receiver addressee consignee signatory speaker attendee participant \
         respondent resident citizen voter buyername people persons clinician physician \
         therapist surgeon dentist caregiver pharmacist bearer insured policyholder borrower \
         debtor creditor lessee renter inmate",
    ),
    ("full", "full complete"),
    ("person name", "fullname"),
    ("surname", "surname maiden"),
    ("given", "given nickname"),
    ("company", "company business"),
    ("suffix", "suffix prefix salutation"),
    ("birth", "birth"),
    ("birth date", "birthday birthdate bday born dob"),
    (
        "trait",
        "occupation employer profession job age gender sex race ethnicity religion nationality \
         citizenship marital salary wage income health signature disability dependents hiv \
         union felony sick debt blood eye hair education body skin party vote allergy \
         allergies symptom symptoms treatment therapy vaccine vaccination vaccinated \
         medication medications medicine drug drugs surgery disease illness smoker smoking \
         tobacco bmi cholesterol glucose pulse heartbeat pregnant pregnancy mental faith \
         church caste political ideology orientation sexuality conviction arrest arrested \
         offense offence crime criminal sentence kids visa immigration immigrant veteran \
         military pension benefits bankruptcy alimony custody biometric iris genetic dna \
         compensation stipend relationship death died deceased survived degree major hobby \
         hobbies interests personality ancestry tribe wages workclass dependants attendance \
         disabled",
    ),
    (
        "note",
        "note notes comment comments memo remark remarks message feedback bio biography \
         narrative",
    ),
    ("description", "description desc details text"),
    ("id", "id ids uid guid uuid index idx fid oid objectid rowid"),
    ("number", "no num nr nbr number #"),
    ("code", "code cd"),
    (
        "party",
        "customer cust client distributor distributors dist member membership associate \
         consultant affiliate rep agent dealer sponsor enroller upline downline placement \
         parent vendor supplier subscriber seller shipper carrier provider reports buyer \
         merchant retailer wholesaler manufacturer producer importer exporter contractor \
         operator forwarder courier airline landlord franchisee insurer publisher studio",
    ),
    (
        "thing",
        "order orders invoice inv transaction txn trans payment batch shipment tracking \
         autoship subscription case ticket promo campaign record row line node leg sale claim \
         policy contract rental inventory track unique project task site location facility \
         shelf bin box lot serial flight trip route booking reservation territory event survey \
         entity parcel package medicare stop mission rocket bom tail request build release \
         commit host server quote quotation receipt bill voucher carton pallet container crate \
         roll barrel fleet aisle rack zone section dock gate terminal port platform portfolio \
         fund ledger journal entry posting budget center centre division team squad league \
         season tournament round topic chapter lesson module exam test lecture seminar \
         programme program campus school university faculty institution institute library \
         organization ministry office bureau authority court docket permit regulation law \
         amendment motion alert incident issue bug defect sprint milestone deliverable \
         requirement file filename path folder directory attachment page slot sequence column \
         log run queue thread cluster instance repo repository farm field tree lane bridge \
         substation circuit pole well pipe cabinet drawer tank pump valve engine motor \
         aircraft airplane vessel train bus tram taxi runway hangar fuel audit stocktake cycle \
         pick wave manifest waybill awb tender bid auction grant award donation disbursement \
         settlement remittance adjustment reversal journalentry catalog catalogue listing \
         offer deal lead opportunity quota pipeline segment banner keyword adgroup creative \
         newsletter form election ballot constituency precinct parish seat council committee \
         chamber legislature plenary agenda bloc wing property estate lease receivable payable \
         cash history mapping handling customs warranty guarantee shipping billing backlog \
         snapshot scenario benchmark logo pos plu premise premises checklist template workbook \
         sheet table view tile panel widget epic story pull push endpoint domain subnet \
         firmware urn uprn academy trust bursary workplace headquarters hq wbs costcenter \
         profitcenter plantcode storage bay bol vesselname voyage flightno gatepass stockroom \
         backroom planogram fixture endcap display giftcard loyalty till basketid sessionkey \
         pageview clickid utm referrer adset",
    ),
    ("thing code", "ref reference coupon nsn fips iata icao"),
    (
        "period",
        "period year month yr mo version day week weekday quarter hour decade century semester \
         trimester fy qtr annual yearly weekly daily ceremony minute second days",
    ),
    ("date", "date dt time datetime"),
    ("event date", "timestamp since"),
    (
        "event",
        "reset expired disbursed join joined enroll enrolled enrollment enrolment signup \
         registered registration registro created create creation updated update modified \
         change changed ship shipped delivery delivered renewal renew start end begin due \
         effective activation activated terminated termination cancelled canceled closed \
         opened open processed posted paid hire hired purchase purchased required discontinued \
         return returned departure arrival dep arr issued received opendate startdate enddate \
         captured scraped fetched exported generated loaded synced logged recorded measured \
         observed printed scanned picked packed dispatched dispatch sent arrived departed \
         unloaded invoiced billed settled booked reserved checked checkin checkout completed \
         finished started stopped resolved reopened assigned escalated rejected submitted \
         requested reported reviewed audited inspected tested installed installation \
         commissioned decommissioned maintenance repaired replaced until promised expected \
         estimated scheduled planned deadline cutoff released launch launched founded \
         established transfer withdrawal refund refunded sold bought ordered acquired \
         acquisition disposal accessed seen visited visit admit admission discharge accepted \
         declined signed takeoff landing pickup dropoff exit opening closing modification \
         premiere subscribe subscribed unsubscribed appointment sailing eta etd atd",
    ),
    ("by", "by"),
    (
        "amount",
        "amount amt total subtotal volume vol pv bv cv gv qv qty quantity count cnt balance \
         fee fees points commission bonus earnings sales discount rate percent % length width \
         distance duration elapsed delay freight bytes milliseconds seconds minutes min hours \
         charges payments sum tally population pop premium displacement horsepower mpg \
         cylinders acceleration speed precipitation ridership revenue ounces abv ibu value \
         capacity gold silver bronze replacement transfers mm cm km kg lb lbs pct ms kwh eur \
         usd gbp depth thickness diameter radius perimeter ratio share percentage proportion \
         frequency occurrence occurrences occurence margin profit loss gain duty toll debit \
         forecast target goal actual variance deviation std stddev dev median max maximum \
         minimum net gross nett cumulative ytd mtd usage consumption demand production output \
         throughput yield efficiency utilization utilisation uptime downtime availability load \
         humidity rainfall wind windspeed voltage power energy mw gw gwh mwh kva kvar watt \
         watts hz db latency bandwidth traffic visits clicks impressions views pageviews \
         conversions likes downloads installs wins losses draws goals assists odds probability \
         prob likelihood attempts retries errors failures wait moq eoq safety headcount acres \
         hectares sqft sqm tons tonnes ton tonne litres liters litre liter gallons pcs pieces \
         fx installment installments instalment instalments interest apr roi npv irr turnover \
         aum capex opex ebitda quarterfinal semifinal winner win draw saving payout allowance \
         surcharge rebate markup cogs tare payload mileage odometer kilometers kilometres \
         miles meters metres inch inches feet ft hp rpm celsius fahrenheit lux ppm lumens \
         decibel pixels dpi kb mb gb tb byte lines lenght remaining stocklevel backorder \
         reordered moisture salinity acidity sulphates sulfates chlorides density gravity \
         votes turnout abstentions yes nay yea ayes noes error gdp cpi inflation unemployment \
         percapita capita expectancy emissions co2 no2 pm10 pm25 discharges covered fare tip \
         increment limit threshold upper lower p25 p50 p75 p90 p95 p99 percentile quantile \
         quartile sigma coefficient multiplier factor offset delta diff difference growth yoy \
         mom low high close numerator denominator moving ema sma rsi estimate forecasted \
         targeted leadtime cycletime takt oee mtbf mttr scrap rework waste cubic volumetric \
         dim occupancy vacancy footfall basket aov ltv cac cpc cpm ctr roas bounce dwell \
         accuracy precision recall auc roc rmse mse r2 epoch epochs lr f1 entropy similarity \
         delayed late earliness lateness tardiness outstanding collateral coverage solvency \
         liquidity leverage equity liabilities inflow outflow cashflow budgeted committed \
         obligated appropriated awarded contracted funding funded subsidy levy surplus \
         shortage excess baseline uplift elasticity propensity retention conversion reach \
         opens unsubscribes bounces complaints velocity storypoints burn seats beds rooms \
         floors sqfeet acreage yearbuilt lotsize dom torque wheelbase kerb axles doors battery \
         charging charger kwhkm noise vibration dewpoint cloud cloudcover snowfall snow uv \
         pollen ozone pm aqi turbidity conductivity nitrate phosphate chlorine hardness flow \
         flowrate elevation altitude slope aspect gradient azimuth bearing heading agriculture \
         literacy mortality arable coastline migration birthrate deathrate chf ars cop mxn clp \
         pen cad aud jpy gr oz mg ml cl hl sq",
    ),
    (
        "type",
        "type kind rank level tier category role source method channel plan stage color colour \
         style size shape shift mode intent sport agency board currentflag priority severity \
         via subcategory subtype family subfamily phase step ui measure pack finish quality \
         make variant edition format theme collection tariff term terms incoterm incoterms \
         scheme option protocol browser environment discipline urgency complexity difficulty \
         confidence visibility scope direction side layout subsegment sector industry \
         workstream workflow vertical taste texture fabric pattern genus phylum habitat \
         cuisine meal transmission drivetrain gear weather dosage bucket band stance kingdom \
         rarity conference surface seed label designation definition classification attribute \
         characteristic trim currencytype area workday kpi metric indicator dimension \
         measurement iso alpha hex range naics sic nace tz timezone utc gmt hts unspsc \
         subclassification alpha2 alpha3 abbreviation abbrev acronym maturity readiness \
         lifecycle employment transport binned bucketized rangelabel severitylevel impact \
         riskband substatus tags climate criticality",
    ),
    ("weight", "weight"),
    ("pay", "pay"),
    ("hourly", "hourly"),
    ("group", "group"),
    ("title", "title"),
    (
        "flag",
        "is has flag opt optin optout allow active activebool enabled verified consent agreed \
         exempt deleted locked canine diverted successful available instock featured published \
         visible hidden archived blocked perishable imported fragile taxable billable \
         refundable returnable recurring default primary mandatory optional valid invalid \
         urgent public internal external seasonal digital online failed manual automatic \
         favorite approved premiumflag gift discounted clearance bestseller",
    ),
    ("country", "country market nation continent"),
    ("language", "language lang locale"),
    ("currency", "currency"),
    ("amount ware", "price cost stock reorder msrp rrp unitprice onhand"),
    ("body", "height"),
    ("care", "encounter prescription labs triage clinical"),
    (
        "either",
        "ph score evaluation temperature grade rating marks gpa pressure calories kcal protein \
         fat carbs sugar sodium fiber ranking assessment expense expenses spend spent savings \
         assets oxygen effort arrears overdue dpd exposure bedrooms bathrooms ratings nps",
    ),
    (
        "link",
        "of the and for from to on at per with than or vs into over under out off up not non \
         other new old current previous next original general main sub pre only all both each \
         overall global preferred historic historical simple double single multiple related \
         associated respective corresponding several",
    ),
    ("party staff", "employee staff emp"),
    (
        "period amount",
        "january february march april may june july august september october november december \
         jan feb mar jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday \
         saturday sunday mon tue wed thu fri sat sun q1 h1 h2",
    ),
    ("period monthly", "monthly"),
    ("stat", "average avg mean"),
    ("thing code ware", "sku upc ean isbn asin gtin barcode"),
    (
        "thing good",
        "product item part film movie album asset model equipment vehicle sensor meter \
         component assembly material goods merchandise supply ingredient song book magazine \
         newspaper game recipe dish menu machine tool car truck bike furniture plant crop \
         species animal breed exhibit accessory spare software app application kit hardware \
         bundle consumable",
    ),
    (
        "thing named",
        "warehouse store branch department dept station shop outlet course subject room \
         building hall resort hotel restaurant attraction",
    ),
    ("thing type", "unit"),
    ("trait care", "medical diagnosis icd patient patients"),
    ("type state", "status"),
    ("type ware", "brand uom packaging flavor flavour"),
    (
        "vague",
        "class reason cause result outcome finding condition resolution origin results \
         findings native",
    ),
];
