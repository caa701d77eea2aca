//! The words of French headers: what they mean, then the words.

pub(super) const WORDS: &[(&str, &str)] = &[
    ("social", "sociale"),
    ("security", "securite"),
    ("tax", "impot"),
    ("taxid", "siret siren"),
    ("vat", "tva"),
    ("national id", "nir insee nss"),
    ("national", "nationale"),
    ("license", "permis"),
    ("passport", "passeport"),
    ("card", "carte"),
    ("expiry", "echeance validite"),
    ("cvv", "cryptogramme"),
    ("holder", "titulaire"),
    ("account", "compte"),
    ("bank", "banque bancaire"),
    ("bank account", "rib"),
    ("password", "passe mdp"),
    ("user", "utilisateur"),
    ("login", "identifiant"),
    ("key", "cle"),
    ("email", "courriel"),
    ("mail", "mel"),
    ("phone", "portable"),
    ("address", "adresse"),
    ("street", "rue voie"),
    ("city", "ville lieu"),
    ("region", "commune"),
    ("name", "nom"),
    ("first", "premier"),
    ("last", "dernier derniere"),
    (
        "person",
        "personne destinataire beneficiaire elu eleve etudiant professeur enseignant \
         technicien technicienne caissier conseiller conseillere vendeuse superviseur \
         coordinateur directeur directrice enseignante maitre tuteur formateur entraineur \
         joueur conducteur chauffeur pilote auteur ecrivain artiste acteur actrice chanteur \
         compositeur photographe createur relecteur approbateur demandeur candidat plaignant \
         defendeur victime temoin fonctionnaire avocat juge maire senateur senatrice depute \
         deputee representant secretaire tresorier mere pere enfant enfants mari epouse \
         conjoint frere soeur ami donateur heritier expediteur signataire intervenant \
         repondant citoyen citoyenne electeur locataire proprietaire garant debiteur creancier \
         salarie salariee ouvrier gerant chef etudiante etudiants medecin docteur infirmier \
         infirmiere therapeute beneficiaires utilisateurs habitant personnel visiteur",
    ),
    ("full", "complet"),
    ("given", "prenom"),
    ("company", "entreprise societe"),
    ("suffix", "civilite"),
    ("birth", "naissance naiss"),
    ("birth date", "ne"),
    (
        "trait",
        "sexe genre metier nationalite salaire handicap situation dette dettes sang etudes \
         allergie symptome symptomes traitement vaccin medicament medicaments chirurgie \
         maladie fumeur tabac grossesse enceinte foi eglise parti affiliation ideologie \
         condamnation delit infraction immigre retraite allocation parente deces decede mort \
         diplome scolarite remuneration paie patrimoine syndicat syndical ethnie bulletin \
         absences mutuelle quotient fatigue loisirs assiduite presence",
    ),
    ("note", "commentaire commentaires remarques"),
    ("description", "libelle texte"),
    (
        "party",
        "distributeur membre parrain fournisseur vendeur adherent matricule apporteur acheteur \
         fabricant producteur importateur exportateur prestataire operateur transporteur \
         bailleur franchise assureur editeur partenaire clients clientele",
    ),
    (
        "thing",
        "commande facture paiement ligne contrat police sinistre projet dossier campagne devis \
         recu bon palette conteneur rouleau flotte allee rayon quai porte plateforme \
         portefeuille fonds ecriture equipe ligue saison tournoi tour chapitre lecon epreuve \
         faculte universite institut ecole lycee college bibliotheque organisme entite \
         ministere mairie tribunal loi amendement alerte tache risque fichier chemin \
         enregistrement demande ordre bordereau avoir appel offre opportunite annonce sondage \
         scrutin circonscription canton parcelle bien immeuble trajet arret moteur cuve \
         compteur tournee distribution panier preparation calendrier jardin abonnement seance \
         rubrique releve reclamation intervention coupure chantier marche etablissement \
         lettrage rayonnage barre troncon bassin academie borne hebergement inao",
    ),
    (
        "period",
        "periode annee mois jour annuel annuelle hebdomadaire journalier semaine exercice \
         millesime an ans annees jours promotion",
    ),
    ("date", "heure"),
    ("event date", "horodateur horodatage"),
    (
        "event",
        "inscription debut livraison achat embauche mandat connexion cree modifie maj emission \
         emis reception expedition expedie envoi envoye depart arrivee ouverture fermeture \
         cloture reglement lancement publication reparation inspection visite rdv adhesion \
         souscription resiliation recrutement entree sortie retour annulation annule \
         approbation rejet affectation resolu finalise prevu prevue estime reel planifie \
         extraction import chargement facturation circulation passage prochaine ferie ouvert \
         ferme notification attribution",
    ),
    ("by", "par"),
    (
        "amount",
        "montant valeur quantite duree cotisation solde remise couts ht ttc taxe taxes taux \
         pourcentage marge perte benefice acompte versement interet penalite majoration frais \
         largeur longueur profondeur epaisseur diametre inventaire seuil consommation capacite \
         rendement efficacite disponibilite vitesse kilometrage heures secondes temps attente \
         delai visites vues telechargements abonnes habitants menages naissances logements \
         effectif effectifs voix suffrages exprimes inscrits blancs nuls investissement \
         recettes chiffre affaires ca facteur ecart mediane variation croissance cumul \
         unitaire precipitations humidite puissance buts victoires defaites places cylindree \
         nb nbre visiteurs participants presents absents livree livrees commandee commandees \
         vendue vendues entrees sorties excedent deficit tonnage litrage unitaires retard \
         retards encours plafond couverture avancement execution engage engagees alloue \
         allouee finance financement subvention subventions excedents objectif objectifs cible \
         atteinte effectivite productivite consomme consommee chevaux portes chambres pluie \
         vent nuages turbidite conductivite lits capteur repartition vacations",
    ),
    (
        "type",
        "rang niveau categorie fonction filiere famille etape priorite mesure presentation \
         finition qualite etiquette tarif tarifaire modalite regime horaire secteur branche \
         gamme sigle specialite urgence difficulte sens cote couleur saveur tissu carburant \
         energie destination moyen periodicite frequence gravite serie intitule denomination \
         juridique forme comptable analytique nomenclature naf ape domaine thematique \
         perimetre appellation mention aoc aop igp tranche palier criticite climat",
    ),
    ("weight", "poids"),
    ("group", "groupe"),
    ("title", "titre"),
    (
        "flag",
        "actif epuise publie valide paye perissable obligatoire facultatif defaut effectuee \
         effectue termine",
    ),
    ("country", "pays"),
    ("language", "langue"),
    ("currency", "devise"),
    ("amount ware", "prix cout stocks"),
    ("body", "taille"),
    ("care", "ordonnance"),
    (
        "either",
        "revenu satisfaction appreciation depense depenses revenus pression engagement oxygene \
         absenteisme impaye impayes",
    ),
    (
        "link",
        "du des le les et au aux pour sur sous avec sans une ou autre autres selon nouveau \
         nouvelle ancien ancienne precedent suivant actuel actuelle finale initiale prefere \
         preferee historique externe interne lie associe correspondant different meme",
    ),
    ("party staff", "employe"),
    (
        "period amount",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre \
         lundi mardi mercredi jeudi vendredi samedi dimanche",
    ),
    ("period monthly", "mensuel mensuelle"),
    ("stat", "moyenne"),
    (
        "thing good",
        "produit article livre materiel marchandise piece composant chanson jeu recette plat \
         outil equipement vehicule voiture velo modele meuble plante culture espece service",
    ),
    (
        "thing named",
        "depot magasin cours matiere entrepot boutique agence salle batiment chambre gare",
    ),
    ("thing named depto", "departement"),
    ("thing type", "unite"),
    ("trait care", "patiente"),
    ("type state", "statut"),
    ("type ware", "marque conditionnement emballage"),
    ("vague", "motif nature raison conclusion constat detail objet etat origine provenance natif"),
];
